// Says whether the live tail is connected, and keeps it short.
"use strict";
(() => {
  const MOST_ROWS = 200;
  const tail = document.getElementById("tail");
  const state = document.getElementById("tail-state");
  const say = (word) => {
    if (state.textContent !== state.dataset[word]) state.textContent = state.dataset[word];
  };

  document.body.addEventListener("htmx:sseOpen", () => say("open"));
  document.body.addEventListener("htmx:sseError", () => say("lost"));
  document.body.addEventListener("htmx:sseClose", () => say("over"));
  document.body.addEventListener("htmx:sseMessage", () => {
    document.getElementById("tail-empty")?.remove();
    while (tail.rows.length > MOST_ROWS) tail.lastElementChild.remove();
  });
})();
