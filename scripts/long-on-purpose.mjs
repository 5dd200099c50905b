// What may be longer than `code-size.mjs` allows.

/** Files with over 300 lines that are read a row at a time, each with what its rows are. */
export const TABLES = {
  "src/core/assembly/memory/layout.ts": "the memory map of the packet core, an offset a row",
  "src/core/input/setting-table.ts": "the settings of an input, a row each",
  "src/effects/store/sqlite/migrations.ts": "the steps from each version of the store to the next, which never change",
  "src/engine/protocol/messages.ts": "the messages between control plane and engine, a type each",
  "src/http/openapi/examples.ts": "an example of each body for the API's document",
  "src/http/openapi/fields.ts": "a sentence for each field of the API",
  "src/http/openapi/schemas.ts": "the shape of each answer of the API",
}

/** What is too long and is to be taken apart, with the lines that it has and may not exceed. */
export const TO_BE_TAKEN_APART = {
  "scripts/distributor.mjs": 314,
  "src/effects/channel/RunningChannels.ts Effect.gen": 160,
  "src/effects/engine/EngineClient.ts makePool": 169,
  "src/effects/engine/EngineClient.ts makePool > Effect.gen": 165,
  "src/effects/engine/channel-places.ts makePlaces": 87,
  "src/effects/history/stored-figures.ts makeFigures": 81,
  "src/effects/medialive/aws/AwsApi.ts makeAwsApi": 102,
  "src/effects/medialive/poller.ts makePoller": 138,
  "src/effects/model/channel.ts": 317,
  "src/effects/nodes/NodeAgent.ts startAgent": 137,
  "src/effects/nodes/NodeAgent.ts startAgent > Effect.gen": 136,
  "src/effects/nodes/NodeDatabase.ts openNodeDatabase": 88,
  "src/effects/nodes/node-verbs.ts makeNodeVerbs": 107,
  "src/effects/nodes/nodes-live.ts make": 106,
  "src/effects/nodes/nodes-live.ts make > Effect.gen": 105,
  "src/effects/supervisor/Support.ts Effect.gen": 84,
  "src/http/pages/settings/destination-pages.tsx destinationRoutes": 87,
  "src/http/pages/system.tsx systemPageRoutes": 93,
  "views/medialive/CostsPage.tsx CostsPage": 87,
}
