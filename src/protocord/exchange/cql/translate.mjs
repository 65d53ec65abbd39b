// Translate CQL with the official translator: node translate.mjs MODULES OUT LIBRARY.cql…
// MODULES is a folder with node_modules that hold @cqframework/cql and cql-exec-fhir (which brings the model of FHIR 4.0.1).
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, out, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "translate.mjs"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { SystemModelInfoProvider } = await load("@cqframework/cql/cql");
const { CqlTranslator, LibraryManager, ModelManager, createLibrarySourceProvider, createModelInfoProvider, stringAsSource } =
  await load("@cqframework/cql/cql-to-elm");

const model = readFileSync(join(dirname(require.resolve("cql-exec-fhir")), "modelInfos", "fhir-modelinfo-4.0.1.xml"), "utf8");
const texts = new Map(files.map((file) => [basename(file, ".cql"), readFileSync(file, "utf8")]));
const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
models.modelInfoLoader.registerModelInfoProvider(
  createModelInfoProvider((name, _system, version) => (name === "FHIR" && version === "4.0.1" ? stringAsSource(model) : null)));
let failed = false;
for (const [name, text] of texts) {
  const libraries = new LibraryManager(models);
  libraries.librarySourceLoader.registerProvider(
    createLibrarySourceProvider((id) => (texts.has(id) ? stringAsSource(texts.get(id)) : null)));
  const elm = JSON.parse(CqlTranslator.fromText(text, libraries).toJson());
  for (const note of elm.library.annotation ?? []) {
    if (!("errorSeverity" in note)) continue;
    console.error(`${name}.cql:${note.startLine}:${note.startChar}: ${note.errorSeverity}: ${note.message}`);
    failed ||= note.errorSeverity === "error";
  }
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify(elm)}\n`);
}
process.exit(failed ? 1 : 0);
