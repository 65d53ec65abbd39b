// Run a translated library over bundles: node run.mjs MODULES FOLDER LIBRARY REQUEST.json
// REQUEST: {"parameters": {name: "YYYY-MM-DD" or null}, "bundles": […]}; prints {"answers": {patient: {define: truth}}, "cpu": seconds}.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [modules, folder, name, request] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "run.mjs"));
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const { parameters, bundles } = JSON.parse(readFileSync(request, "utf8"));
const elms = Object.fromEntries(
  readdirSync(folder).filter((file) => file.endsWith(".json")).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")))
    .filter((elm) => elm.library).map((elm) => [elm.library.identifier.id, elm]));
const { [name]: main, ...included } = elms;
const given = Object.fromEntries(
  Object.entries(parameters).map(([key, value]) => [key, value === null ? null : cql.DateTime.parse(value).getDate()]));
const source = fhir.PatientSource.FHIRv401();
source.loadBundles(bundles);
const before = process.cpuUsage();
const executor = new cql.Executor(new cql.Library(main, new cql.Repository(included)), new cql.CodeService({}), given);
const results = await executor.exec(source);
const used = process.cpuUsage(before);
const isTruth = (value) => value === null || value === undefined || typeof value === "boolean";
const answers = Object.fromEntries(
  Object.entries(results.patientResults).map(([patient, found]) => [
    patient, Object.fromEntries(Object.entries(found).filter(([, value]) => isTruth(value)).map(([key, value]) => [key, value ?? null])),
  ]));
console.log(JSON.stringify({ answers, cpu: (used.user + used.system) / 1e6 }));
