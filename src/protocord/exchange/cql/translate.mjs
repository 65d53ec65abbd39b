// Translate CQL with the official translator: node translate.mjs MODULES OUT LIBRARY.cql…
// MODULES is a folder with node_modules that hold @cqframework/cql and cql-exec-fhir (which brings the model of FHIR 4.0.1).
// OUT gets one .json a library and versions.json; errors and warnings go to the error stream, one a line.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// The version of a package, found from its own folder; some do not let their package.json be asked for by name.
const versionOf = (entry, name) => {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (found.name === name) return found.version;
    } catch (problem) {
      if (problem.code !== "ENOENT") throw problem;
    }
  }
  return "unknown";
};

// Load the translator; `translate` takes {name: text}, the main library last and after it nothing,
// and returns {elm: {name: object}, notes: [{severity, said}]}.
export async function translator(modules) {
  const require = createRequire(join(resolve(modules), "translate.mjs"));
  const load = (name) => import(pathToFileURL(require.resolve(name)).href);
  const { SystemModelInfoProvider } = await load("@cqframework/cql/cql");
  const { CqlTranslator, LibraryManager, ModelManager, createLibrarySourceProvider, createModelInfoProvider, stringAsSource } =
    await load("@cqframework/cql/cql-to-elm");
  const modelFile = join(dirname(require.resolve("cql-exec-fhir")), "modelInfos", "fhir-modelinfo-4.0.1.xml");
  const model = readFileSync(modelFile, "utf8");
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  models.modelInfoLoader.registerModelInfoProvider(
    createModelInfoProvider((name, _system, version) => (name === "FHIR" && version === "4.0.1" ? stringAsSource(model) : null)));
  const managers = new Map(); // by the texts that may be included: what was compiled once serves the next library
  const managerOf = (included) => {
    const key = JSON.stringify(included);
    if (!managers.has(key)) {
      const manager = new LibraryManager(models);
      manager.librarySourceLoader.registerProvider(
        createLibrarySourceProvider((id) => (Object.hasOwn(included, id) ? stringAsSource(included[id]) : null)));
      managers.set(key, manager);
    }
    return managers.get(key);
  };
  const translate = (texts) => {
    const names = Object.keys(texts);
    const main = names.at(-1);
    const { [main]: text, ...included } = texts;
    const translated = CqlTranslator.fromText(text, managerOf(included));
    const elm = Object.fromEntries(
      [...translated.libraries.asJsReadonlyMapView()].map(([id, library]) => [id.id, JSON.parse(CqlTranslator.convertToJson(library))]));
    elm[main] = JSON.parse(translated.toJson());
    const notes = [];
    for (const name of names) {
      for (const note of elm[name]?.library.annotation ?? []) {
        if (!("errorSeverity" in note)) continue;
        const where = note.libraryId ?? name; // an error of a library that is included is told of the one that includes it, too
        notes.push({ severity: note.errorSeverity, said: `${where}.cql:${note.startLine}:${note.startChar}: ${note.errorSeverity}: ${note.message}` });
      }
    }
    return { elm, notes };
  };
  const versions = {
    translator: { package: "@cqframework/cql", version: versionOf(require.resolve("@cqframework/cql/cql-to-elm"), "@cqframework/cql") },
    model: { package: "cql-exec-fhir", version: versionOf(modelFile, "cql-exec-fhir"), file: basename(modelFile) },
    node: process.versions.node,
  };
  return { translate, versions };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [modules, out, ...files] = process.argv.slice(2);
  const { translate, versions } = await translator(modules);
  const { elm, notes } = translate(Object.fromEntries(files.map((file) => [basename(file, ".cql"), readFileSync(file, "utf8")])));
  for (const { said } of notes) console.error(said);
  for (const [name, one] of Object.entries(elm)) writeFileSync(join(out, `${name}.json`), `${JSON.stringify(one)}\n`);
  writeFileSync(join(out, "versions.json"), JSON.stringify(versions));
  process.exit(notes.some(({ severity }) => severity === "error") ? 1 : 0);
}
