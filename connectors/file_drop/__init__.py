"""Files that a system leaves in a folder, also one that is mounted over SFTP."""
