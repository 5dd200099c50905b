/** Outputs of a channel, presets, dry runs, and HLS for players. */
import type { ProblemKind } from "../../request/problem.ts"
import type { Answer, Operation } from "./operation.ts"

const output = (description: string): Answer => ({ description, schema: "Output", headers: ["ETag"] })
const WRITES: ReadonlyArray<ProblemKind> = ["not-found", "store-unavailable"]
const PATH = "/api/channels/{id}/outputs"
const ONE = `${PATH}/{output_id}`
const TEST: Answer = { description: "What came of it, whether it worked or not", schema: "OutputTest" }
const TEST_TEXT =
  "Connects as an output would, and leaves without sending anything of a channel. RTMP servers of one's own, and Twitch, are published to for a moment, since only that tells whether the stream key works. Takes 25 s at most."

const HLS: Readonly<Record<number, Answer>> = {
  200: {
    description: "The file; may be read by pages of any site",
    content: {
      "application/vnd.apple.mpegurl": { type: "string" },
      "video/mp2t": { type: "string", contentMediaType: "video/mp2t" },
    },
    headers: ["ETag"],
  },
  304: { description: "It is the one of `If-None-Match`", headers: ["ETag"] },
}

export const outputOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: PATH,
    id: "listOutputs",
    tag: "Outputs",
    summary: "List the outputs of a channel",
    answers: { 200: { description: "Its outputs", schema: "Outputs", headers: ["ETag"] } },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: PATH,
    id: "addOutput",
    tag: "Outputs",
    summary: "Add an output",
    description:
      "On a running channel it starts at once; the other outputs notice nothing. With `template` what that says counts, but for what is given here.",
    body: "OutputRequest",
    idempotent: true,
    answers: { 201: { ...output("The output"), headers: ["ETag", "Location", "Idempotency-Replayed"] } },
    problems: ["invalid-input", "conflict", ...WRITES],
  },
  {
    method: "get",
    path: ONE,
    id: "getOutput",
    tag: "Outputs",
    summary: "Show an output",
    answers: { 200: output("The output") },
    problems: ["not-found"],
  },
  {
    method: "put",
    path: ONE,
    id: "updateOutput",
    tag: "Outputs",
    summary: "Change an output",
    description:
      "What is left out stays as it is, in `settings` too; null goes back to the default. Secrets sent back as `***` stay as they are. A change of URL, key or settings begins this output anew and no other.",
    body: "OutputUpdate",
    conditional: true,
    answers: { 200: output("The output as it is now") },
    problems: ["invalid-input", "conflict", ...WRITES],
  },
  {
    method: "delete",
    path: ONE,
    id: "deleteOutput",
    tag: "Outputs",
    summary: "Delete an output",
    description: "The other outputs notice nothing.",
    conditional: true,
    answers: { 204: { description: "It is gone" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${ONE}/start`,
    id: "startOutput",
    tag: "Outputs",
    summary: "Enable an output",
    answers: { 200: output("The output") },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${ONE}/stop`,
    id: "stopOutput",
    tag: "Outputs",
    summary: "Disable an output",
    answers: { 200: output("The output") },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${ONE}/test`,
    id: "testOutput",
    tag: "Outputs",
    summary: "Test the destination of an output",
    description: TEST_TEXT,
    answers: { 200: TEST },
    problems: ["not-found", "engine-unavailable"],
  },
  {
    method: "post",
    path: "/api/outputs/test",
    id: "testNewOutput",
    tag: "Outputs",
    summary: "Test a destination that is no output yet",
    description: TEST_TEXT,
    body: "OutputInput",
    answers: { 200: TEST },
    problems: ["invalid-input", "engine-unavailable"],
  },
  {
    method: "get",
    path: "/api/presets",
    id: "listPresets",
    tag: "Outputs",
    summary: "List the well-known destinations with their limits",
    answers: { 200: { description: "The presets", schema: "Presets" } },
  },
  {
    method: "get",
    path: "/hls/{id}/{file}",
    id: "getHlsOfChannel",
    tag: "HLS",
    summary: "Playlist or segment of the first HLS output of a channel",
    description:
      "For players, which cannot send a key: none is asked for. Playlists end in `.m3u8`, segments in `.ts`.",
    free: true,
    answers: HLS,
    problems: ["not-found"],
  },
  {
    method: "get",
    path: "/hls/{id}/{output_id}/{file}",
    id: "getHlsOfOutput",
    tag: "HLS",
    summary: "Playlist or segment of an HLS output",
    free: true,
    answers: HLS,
    problems: ["not-found"],
  },
]
