// Engines that are not ours, in one process that the tests ask by lines of JSON and that answers by lines of JSON:
//   node run.mjs MODULES TRANSLATE.mjs      MODULES/node_modules holds the engines; TRANSLATE.mjs is what `protocord export cql` runs
//   {"translate": {name: text}}             -> {"elm": {name: object}, "notes": [...]}
//   {"run": name, "elm": {name: object} | "libraries": {name: text}, "parameters": {name: "YYYY-MM-DD" | null},
//    "valueSets": [FHIR ValueSet], "bundles": [...]}
//                                           -> {"answers": {patient: {define: truth}}, "cpu": seconds} or {"notes": [...]} on a text with errors
//   {"validate": [FHIR resource]}           -> {"faults": [[text, …], …]}
// Whatever fails is {"error": text}.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, translating] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "run.mjs"));
const cql = require("cql-execution");
const fhir = require("cql-exec-fhir");
const isTruth = (value) => value === null || value === undefined || typeof value === "boolean";
// The standard stream carries the answers, and the translator greets on it.
const said = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

let loading;
const translations = new Map();
const translate = async (texts) => {
  loading ??= import(pathToFileURL(resolve(translating)).href).then(({ translator }) => translator(modules));
  const key = JSON.stringify(texts);
  if (!translations.has(key)) translations.set(key, (await loading).translate(texts));
  return translations.get(key);
};

// Exactly the codes that the ValueSets write out, under their addresses, with and without the version.
const service = (valueSets) => {
  const codes = {};
  for (const { url, version, compose } of valueSets) {
    codes[url] = { [version]: (compose?.include ?? []).flatMap(({ system, concept }) => concept.map(({ code }) => ({ system, code }))) };
  }
  return new cql.CodeService(codes);
};

const run = async ({ run: name, elm, libraries, parameters, valueSets, bundles }) => {
  if (!elm) {
    const translated = await translate(libraries);
    if (translated.notes.some(({ severity }) => severity === "error")) return { notes: translated.notes };
    elm = translated.elm;
  }
  const { [name]: main, ...included } = elm;
  const given = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, value === null ? null : cql.DateTime.parse(value).getDate()]));
  const source = fhir.PatientSource.FHIRv401();
  source.loadBundles(bundles);
  const before = process.cpuUsage();
  const executor = new cql.Executor(new cql.Library(main, new cql.Repository(included)), service(valueSets ?? []), given);
  const results = await executor.exec(source);
  const used = process.cpuUsage(before);
  const answers = Object.fromEntries(
    Object.entries(results.patientResults).map(([patient, found]) => [
      patient, Object.fromEntries(Object.entries(found).filter(([, value]) => isTruth(value)).map(([key, value]) => [key, value ?? null])),
    ]));
  return { answers, cpu: (used.user + used.system) / 1e6 };
};

const validate = (resources) => {
  const { Fhir } = require("fhir");
  const validator = new Fhir();
  return { faults: resources.map((one) => validator.validate(one, { errorOnUnexpected: true }).messages
    .filter(({ severity }) => severity === "error" || severity === "fatal").map(({ location, message }) => `${location}: ${message}`)) };
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = asked.translate ? await translate(asked.translate) : asked.validate ? validate(asked.validate) : await run(asked);
  } catch (problem) {
    answer = { error: problem.stack ?? String(problem) };
  }
  said(`${JSON.stringify(answer)}\n`);
}
