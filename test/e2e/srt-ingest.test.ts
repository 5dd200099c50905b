/**
 * One port for the SRT senders of all channels: ffmpeg, OBS (which is ffmpeg's library) and srt-live-transmit send to
 * it with the very lines that the page of a channel shows.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { encoderHelp } from "../../views/channel/encoder-lines.ts"
import { freeUdpPort } from "./ports.ts"
import { Product } from "./product.ts"
import { sendTs } from "./send-ts.ts"

const PASSPHRASE = "0123456789abcdef"

describe.skipIf(openSrtLibrary({}).srt === null)("senders at SRT_INGEST_PORT", () => {
  let product: Product
  let port: number
  const folder = mkdtempSync(join(tmpdir(), "distributor-"))
  const file = join(folder, "programme.ts")
  const children: ChildProcess[] = []
  const stopping = new AbortController()

  beforeAll(async () => {
    port = await freeUdpPort()
    product = await Product.start({ env: { SRT_INGEST_PORT: String(port), SRT_INGEST_PASSPHRASE: PASSPHRASE } })
    writeFileSync(file, generateTs(20))
  })
  afterAll(async () => {
    stopping.abort()
    for (const child of children) child.kill("SIGKILL")
    await product.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs a line of the page, with what stands for something filled in. */
  const run = (line: string, fill: Readonly<Record<string, string>> = {}) => {
    const command = Object.entries({ PASSPHRASE, INPUT: file, ...fill }).reduce(
      (text, [word, value]) => text.replaceAll(word, value),
      line,
    )
    const child = spawn("sh", ["-c", `exec ${command}`], { stdio: "ignore" })
    children.push(child)
    return child
  }
  const channel = async (name: string, backup = false) => {
    const input_url = `srt://:${port}?mode=listener`
    const { id } = await product.channel({ name, input_url, ...(backup ? { backup_input_url: input_url } : {}) })
    return product.until("listening", id, (view) =>
      view.input.legs.every(({ srt }) => srt?.state === "listening") ? view : null,
    )
  }
  const linesOf = ({ input }: Awaited<ReturnType<typeof channel>>, leg = 0) => {
    const help = input.legs[leg] === undefined ? null : encoderHelp(input.legs[leg], product.url)
    return new Map(help?.lines.map(({ encoder, text }) => [encoder, text]))
  }
  const connected = (id: string, leg: number) =>
    product.until("connected", id, (view) => {
      const found = view.input.legs[leg]
      return found?.srt?.state === "connected" && found.receiving ? found : null
    })

  it("each reach their own input", async () => {
    const [one, two, both] = [await channel("One"), await channel("Two"), await channel("Both", true)]
    run(`${linesOf(one).get("ffmpeg")} -v quiet`.replace("ffmpeg ", "ffmpeg -nostdin "))
    run(`ffmpeg -nostdin -v quiet -re -i INPUT -c copy -f mpegts '${linesOf(two).get("OBS")}'`)
    const from = await freeUdpPort()
    run(linesOf(both, 1).get("srt-live-transmit") ?? "", { "udp://:5000": `udp://127.0.0.1:${from}` })
    void sendTs(generateTs(5), { port: from, rtp: false, loop: true, signal: stopping.signal })
    expect(await connected(one.id, 0)).toMatchObject({ framing: "srt", srt: { stream_id: "one" } })
    expect(await connected(two.id, 0)).toMatchObject({ srt: { stream_id: "two" } })
    expect(await connected(both.id, 1)).toMatchObject({ source: "backup", srt: { stream_id: "both/backup" } })
    const { input } = await product.view(both.id)
    expect(input.legs[0]).toMatchObject({ receiving: false, srt: { state: "listening" } })
  })

  it("are refused without the passphrase and under a name that is nobody's, with the reason", async () => {
    const view = await channel("Alone")
    const line = linesOf(view).get("srt-live-transmit") ?? ""
    run(line, { PASSPHRASE: "another-passphrase", "udp://:5000": `udp://127.0.0.1:${await freeUdpPort()}` })
    const refused = await product.until("refused", view.id, (one) => one.input.legs[0]?.srt?.last_refused)
    expect(refused).toMatch(/passphrase/)
    expect(refused).not.toContain(PASSPHRASE)
    const { body } = await product.api("GET", `/api/channels/${view.id}`)
    expect(JSON.stringify(body)).not.toContain(PASSPHRASE)
    const nobody = (linesOf(view).get("OBS") ?? "").replace("streamid=alone", "streamid=nobody")
    const child = run(`ffmpeg -nostdin -v quiet -re -i INPUT -c copy -f mpegts '${nobody}'`)
    expect(await new Promise((resolve) => child.once("exit", resolve))).not.toBe(0)
  })
})
