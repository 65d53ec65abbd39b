// Run an exported library in cql-execution: node run_cql.mjs MODULES EXPORTED LIBRARY REQUEST.json
// REQUEST: {"parameters": {name: "YYYY-MM-DD"}, "bundles": […]}; prints {"answers": {patient: {define: truth}}, "cpu": seconds, "versions": …}.
// The time is of the engine's own work: the patients are loaded before.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [modules, exported, name, request] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "run.mjs"));
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const version = (one) => read(join(resolve(modules), "node_modules", one, "package.json")).version;

const { parameters, bundles } = read(request);
const elms = Object.fromEntries(
  readdirSync(exported).filter((file) => file.endsWith(".json")).map((file) => read(join(exported, file)))
    .filter((elm) => elm.library).map((elm) => [elm.library.identifier.id, elm]));
const codes = {};
for (const { resource } of read(join(exported, "resources.json")).entry) {
  if (resource.resourceType !== "ValueSet") continue;
  const listed = (resource.compose?.include ?? []).flatMap(({ system, concept }) => concept.map(({ code }) => ({ system, code })));
  codes[resource.url] = { [resource.version]: listed };
}
const { [name]: main, ...included } = elms;
const given = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, cql.DateTime.parse(value).getDate()]));
const source = fhir.PatientSource.FHIRv401();
source.loadBundles(bundles);
const before = process.cpuUsage();
const library = new cql.Library(main, new cql.Repository(included));
const results = await new cql.Executor(library, new cql.CodeService(codes), given).exec(source);
const { user, system } = process.cpuUsage(before);
const truth = (value) => (value === null || value === undefined ? null : value);
const answers = Object.fromEntries(Object.entries(results.patientResults).map(([patient, found]) => [
  patient, Object.fromEntries(Object.entries(found).filter(([, value]) => typeof truth(value) !== "object" || truth(value) === null)
    .map(([key, value]) => [key, truth(value)])),
]));
const versions = { node: process.version, "cql-execution": version("cql-execution"), "cql-exec-fhir": version("cql-exec-fhir") };
console.log(JSON.stringify({ answers, cpu: (user + system) / 1e6, versions }));
