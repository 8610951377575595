// A round of fhir-kit-client: search, read, page and file. Arguments, environment and output are those of Round.java.
import { readFileSync } from "node:fs";
import { Client } from "fhir-kit-client";

const [base, person, types, consent] = process.argv.slice(2);
const client = new Client({ baseUrl: base, bearerToken: process.env.TOKEN });

const tell = (step, ids) => console.log(`${step}\t${ids.join(" ")}`);
const asked = (type) => ({ [type === "Patient" ? "identifier" : "patient.identifier"]: person });
const ids = (type, bundle) =>
  (bundle.entry ?? []).map((entry) => entry.resource).filter((it) => it.resourceType === type).map((it) => it.id);

for (const resourceType of types.split(",")) {
  const found = ids(resourceType, await client.search({ resourceType, searchParams: asked(resourceType) }));
  tell(`search ${resourceType}`, found);
  tell(`read ${resourceType}`, [(await client.read({ resourceType, id: found[0] })).id]);
}
const posted = { resourceType: "Goal", searchParams: asked("Goal"), options: { postSearch: true } };
tell("post Goal", ids("Goal", await client.search(posted)));
let page = await client.search({ resourceType: "Goal", searchParams: { ...asked("Goal"), _count: 1 } });
const paged = [];
while (page) {
  paged.push(...ids("Goal", page));
  page = await client.nextPage({ bundle: page });
}
tell("page Goal", paged);
const filed = await client.create({ resourceType: "Consent", body: JSON.parse(readFileSync(consent, "utf8")) });
tell("file Consent", [filed.id]);
const back = await client.read({ resourceType: "Consent", id: filed.id });
tell("filed Consent", [back.id, back.meta.versionId]);
