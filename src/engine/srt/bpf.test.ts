import { expect, it } from "vitest"
import { assemble, BPF, DROP, PASS } from "./bpf.ts"

it("resolves labels to distances and ends every program with pass and drop", () => {
  const program = assemble([
    { code: BPF.loadWord, k: 4 },
    { code: BPF.ifEqual, k: 7, yes: "there", no: DROP },
    { code: BPF.add, k: 1 },
    { code: BPF.ifAbove, k: -1, yes: PASS, at: "there" },
  ])
  expect(program).toEqual([
    { code: 0x20, jt: 0, jf: 0, k: 4 },
    { code: 0x15, jt: 1, jf: 3, k: 7 },
    { code: 0x04, jt: 0, jf: 0, k: 1 },
    { code: 0x25, jt: 0, jf: 0, k: 0xffffffff },
    { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ])
})

it.each([
  ["is missing", [{ code: BPF.ifEqual, yes: "nowhere" }]],
  [
    "lies behind",
    [
      { code: BPF.add, at: "back" },
      { code: BPF.ifEqual, yes: "back" },
    ],
  ],
  ["is 256 lines away", [{ code: BPF.ifEqual, yes: DROP }, ...Array.from({ length: 255 }, () => ({ code: BPF.add }))]],
] as const)("refuses a jump to a label that %s", (_, lines) => {
  expect(() => assemble(lines)).toThrow(RangeError)
})
