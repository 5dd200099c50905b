/** The channels in the words of the second system: inputs and outputs by number. */

import { MAX_LIMIT } from "../../request/event-query.ts"
import type { ProblemKind } from "../../request/problem.ts"
import { limit } from "./channels.ts"
import type { Answer, Operation } from "./operation.ts"

const ONE = "/api/inputs/{id}"
const OUTPUTS = `${ONE}/outputs`
const OUTPUT = `${OUTPUTS}/{output_id}`
const input = (description: string): Answer => ({ description, schema: "NumberedInput", headers: ["ETag"] })
const output = (description: string): Answer => ({ description, schema: "NumberedOutput", headers: ["ETag"] })
const WRITES: ReadonlyArray<ProblemKind> = ["not-found", "store-unavailable"]

export const inputOperations: ReadonlyArray<Operation> = [
  {
    method: "get",
    path: "/api/inputs",
    id: "listInputs",
    tag: "Inputs",
    summary: "List the inputs",
    answers: { 200: { description: "All channels, as inputs", schema: "NumberedInputs", headers: ["ETag"] } },
  },
  {
    method: "post",
    path: "/api/inputs",
    id: "createInput",
    tag: "Inputs",
    summary: "Create an input and start it",
    body: "NumberedInputBody",
    idempotent: true,
    answers: { 201: { ...input("The input"), headers: ["Location", "Idempotency-Replayed"] } },
    problems: ["conflict", "store-unavailable", "engine-unavailable"],
  },
  {
    method: "get",
    path: ONE,
    id: "getInput",
    tag: "Inputs",
    summary: "Show an input",
    answers: { 200: input("The input") },
    problems: ["not-found"],
  },
  {
    method: "put",
    path: ONE,
    id: "updateInput",
    tag: "Inputs",
    summary: "Change an input",
    body: "NumberedInputChange",
    conditional: true,
    answers: { 200: input("The input as it is now") },
    problems: ["conflict", ...WRITES],
  },
  {
    method: "delete",
    path: ONE,
    id: "deleteInput",
    tag: "Inputs",
    summary: "Delete an input",
    conditional: true,
    answers: { 204: { description: "It is gone" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${ONE}/start`,
    id: "startInput",
    tag: "Inputs",
    summary: "Start an input",
    answers: { 200: input("The input, starting") },
    problems: [...WRITES, "engine-unavailable"],
  },
  {
    method: "post",
    path: `${ONE}/stop`,
    id: "stopInput",
    tag: "Inputs",
    summary: "Stop an input",
    answers: { 200: input("The input, stopped") },
    problems: WRITES,
  },
  {
    method: "get",
    path: OUTPUTS,
    id: "listOutputsOfInput",
    tag: "Inputs",
    summary: "List the outputs of an input",
    answers: { 200: { description: "Its outputs", schema: "NumberedOutputs", headers: ["ETag"] } },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: OUTPUTS,
    id: "addOutputToInput",
    tag: "Inputs",
    summary: "Add an output to an input",
    description:
      "An SRT listener without a port, or SRT without a URL, gets a free port. With `template` what that says counts, but for what is given here.",
    body: "OutputRequest",
    idempotent: true,
    answers: { 201: { ...output("The output"), headers: ["Location", "Idempotency-Replayed"] } },
    problems: ["conflict", ...WRITES],
  },
  {
    method: "get",
    path: OUTPUT,
    id: "getOutputOfInput",
    tag: "Inputs",
    summary: "Show an output of an input",
    answers: { 200: output("The output") },
    problems: ["not-found"],
  },
  {
    method: "put",
    path: OUTPUT,
    id: "updateOutputOfInput",
    tag: "Inputs",
    summary: "Change an output of an input",
    body: "NumberedOutputChange",
    conditional: true,
    answers: { 200: output("The output as it is now") },
    problems: ["conflict", ...WRITES],
  },
  {
    method: "delete",
    path: OUTPUT,
    id: "deleteOutputOfInput",
    tag: "Inputs",
    summary: "Delete an output of an input",
    conditional: true,
    answers: { 204: { description: "It is gone" } },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${OUTPUT}/start`,
    id: "startOutputOfInput",
    tag: "Inputs",
    summary: "Enable an output of an input",
    answers: { 200: output("The output") },
    problems: WRITES,
  },
  {
    method: "post",
    path: `${OUTPUT}/stop`,
    id: "stopOutputOfInput",
    tag: "Inputs",
    summary: "Disable an output of an input",
    answers: { 200: output("The output") },
    problems: WRITES,
  },
  {
    method: "get",
    path: `${OUTPUT}/logs`,
    id: "getOutputLog",
    tag: "Inputs",
    summary: "What happened to an output, newest first",
    query: [
      limit(MAX_LIMIT, "How many lines"),
      {
        name: "format",
        description: "As text, one line each, also with `Accept: text/plain`",
        schema: { type: "string", enum: ["json", "text"], default: "json" },
      },
    ],
    answers: { 200: { description: "Lines", schema: "OutputLog", content: { "text/plain": { type: "string" } } } },
    problems: ["invalid-input", "not-found", "store-unavailable"],
  },
]
