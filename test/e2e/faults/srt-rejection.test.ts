/** Stream ids that the far side refuses, and those that are refused before dialling (row 28 of the fault matrix). */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { parseOutputUrl } from "../../../src/core/output/output-url.ts"
import { openSrtLibrary } from "../../../src/engine/srt/srt-library.ts"
import { EngineBench } from "../engine-bench.ts"
import { FakeSrtListener, rejectWith } from "../fake-srt-listener.ts"
import { freeUdpPort } from "../ports.ts"
import { eventually } from "../product.ts"
import { SrtReceiver } from "../receivers.ts"

const library = openSrtLibrary({})

/** True when every thread of a process is stopped (proc_pid_stat(5), state T). */
const isStopped = (pid: number | undefined): boolean =>
  readdirSync(`/proc/${pid}/task`).every((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/stat`, "utf8").includes(") T "),
  )

describe.skipIf(library.srt === null)("SRT rejection", () => {
  let bench: EngineBench
  let far: FakeSrtListener | undefined

  beforeAll(async () => {
    bench = await EngineBench.start(library)
    await bench.channel()
  })
  afterEach(() => {
    far?.close()
    far = undefined
    for (const id of new Set(bench.all("output_state").map((e) => e.output_id))) bench.closeOutput(id)
    bench.forget()
  })
  afterAll(() => bench.close())

  it.each([
    [2, /refused by the far end|rejected/i, ""],
    [10, /passphrase/i, "set the same passphrase"],
    [1000, /refused by the application/, "stream id"],
    [1400, /bad request/, "syntax of the stream id"],
    [1401, /not authorised/, "user and password"],
    [1402, /overloaded/, "retried"],
    [1403, /forbidden/, "publish there"],
    [1404, /not found/, "resource name"],
    [1405, /wrong mode/, "m=publish"],
    [1409, /conflict/, "somebody else"],
    [1503, /service is down/, "retried"],
    [1777, /refused by the application/, "manual"],
    [2010, /own code 10/, "manual"],
  ])("row 28: a listener that rejects with %i: the code and its meaning are the reason", async (code, text, advice) => {
    far = await FakeSrtListener.open(rejectWith(code))
    bench.open(`srt://127.0.0.1:${far.port}?streamid=#!::r=live/one,u=me,m=publish`)
    const reason = await bench.ended("o1")
    expect(reason).toMatchObject({ code: `srt_reject_${code}`, message: expect.stringMatching(text), transient: true })
    expect(reason.message).toContain(`SRT reject code ${code}`)
    expect(reason.message).toContain(advice)
    expect(far.streamIds[0]).toBe("#!::r=live/one,u=me,m=publish")
  })

  it.each([
    ["512 bytes", "x".repeat(512)],
    ["512 bytes of UTF-8", "ä".repeat(256)],
    ["one byte", "a"],
    ["three bytes, which are padded", "abc"],
    ["signs that URLs know", "#!::r=a/b?c=d,m=publish,u=x%26y"],
  ])("row 28: a stream id of %s reaches the far side whole", async (_, id) => {
    far = await FakeSrtListener.open(rejectWith(1403))
    bench.open(`srt://127.0.0.1:${far.port}?streamid=${id.replaceAll("%", "%25")}`)
    await bench.ended("o1")
    expect(far.streamIds[0]).toBe(id)
  })

  it("a connection that came and went while the engine stood still is lost, not rejected", async () => {
    const port = await freeUdpPort()
    const receiver = await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener`)
    const { child } = receiver.program
    child.kill("SIGSTOP")
    // Its threads run on for a moment, and one of them answers callers.
    await eventually("all threads have stopped", () => (isStopped(child.pid) ? true : null))
    bench.open(`srt://127.0.0.1:${port}?stack=libsrt`)
    await bench.outputIs("o1", "connecting")
    // Nothing of this process runs meanwhile but libsrt's threads.
    const gone = `while ! grep -q ") Z" /proc/${child.pid}/stat; do sleep 0.05; done`
    execFileSync("sh", ["-c", `kill -CONT ${child.pid}; sleep 1; kill -INT ${child.pid}; ${gone}`])
    expect(await bench.ended("o1")).toMatchObject({
      code: "srt_2001",
      message: "SRT connection lost: Connection was broken",
      transient: true,
    })
    await receiver.stop()
  })

  it("row 28: one rejected output is no other's business: a second attempt is answered as the first was", async () => {
    far = await FakeSrtListener.open(rejectWith(1403))
    for (let i = 0; i < 4; i++) bench.open(`srt://127.0.0.1:${far.port}?streamid=attempt-${i}`, `o${i}`)
    for (let i = 0; i < 4; i++) expect((await bench.ended(`o${i}`)).code).toBe("srt_reject_1403")
    expect([...new Set(far.streamIds)].sort()).toEqual([0, 1, 2, 3].map((i) => `attempt-${i}`))
  })
})

describe("row 28: stream ids refused before dialling", () => {
  it.each([
    ["513 bytes", `streamid=${"x".repeat(513)}`, /at most 512 bytes/],
    ["513 bytes of UTF-8 in 257 letters", `streamid=${"ä".repeat(256)}x`, /at most 512 bytes/],
    ["a control character", "streamid=a%00b", /control characters/],
    ["a line break", "streamid=a%0Ab", /control characters/],
    ["bytes that are no UTF-8", "streamid=%C3%28", /UTF-8/],
    ["a space", "streamid=a b", /spaces/],
    ["#!:: with a word that is no key=value", "streamid=#!::r=live/one,publish", /key=value.*part 2/],
    ["#!:: with a comma inside a value", "streamid=#!::r=one,s=my,secret,m=publish", /key=value.*part 3/],
    ["#!:: with a value that has no key", "streamid=#!::=live/one", /key=value.*part 1/],
    ["#!:: and nothing else", "streamid=#!::", /key=value.*part 1/],
  ])("row 28: %s", (_, query, message) => {
    const parsed = parseOutputUrl(`srt://127.0.0.1:9000?${query}`)
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.errors.map((e) => e.message).join()).toMatch(message)
  })

  it("row 28: the engine refuses such an output at once", async () => {
    const bench = await EngineBench.start()
    await bench.channel()
    expect(bench.open(`srt://127.0.0.1:9000?streamid=${"x".repeat(513)}`)).toMatchObject({
      ok: false,
      error: { code: "url", message: expect.stringMatching(/512/), transient: false },
    })
    bench.close()
  })
})
