/** Files that may have over 300 lines (`code-size.mjs`): they are read a row at a time. Each with what its rows are. */
export const TABLES = {
  "src/core/assembly/memory/layout.ts": "the memory map of the packet core, an offset a row",
  "src/core/input/setting-table.ts": "the settings of an input, a row each",
  "src/effects/store/sqlite/migrations.ts": "the steps from each version of the store to the next, which never change",
  "src/engine/protocol/messages.ts": "the messages between control plane and engine, a type each",
  "src/http/openapi/examples.ts": "an example of each body for the API's document",
  "src/http/openapi/fields.ts": "a sentence for each field of the API",
}
