/** The control plane that bodies and documents are sent to: real down to its store, with an engine that moves nothing. */
import { type ControlPlane, makeControlPlane } from "../../../src/http/openapi/testing/control-plane.ts"
import { insist } from "../fuzz-target.ts"
import type { Asked } from "./asked.ts"
import { checkAnswer } from "./check-answer.ts"

/** Requests after which another one begins: what was taken has filled it by then. */
const REQUESTS = 400
/** Longest time in ms that an answer may take, on a busy machine, too. */
const ANSWER_MS = 20_000

const CHANNEL = {
  name: "Main event",
  rtp_ip: "127.0.0.1",
  rtp_port: 7000,
  backup_rtp_ip: "127.0.0.1",
  backup_rtp_port: 7002,
  input: { manual_cues: true, scte35_pid: 500 },
  outputs: [{ name: "CDN", url: "srt://192.0.2.1:9000?passphrase=0123456789abcdef" }],
}

/** Takes requests, and holds every answer to what the API promises. */
export class FuzzedControlPlane {
  #plane: ControlPlane | null = null
  #ids = { channel: "", output: "" }
  #left = 0

  async #begin(): Promise<ControlPlane> {
    const plane = await makeControlPlane()
    const post = (path: string, body: unknown) =>
      plane.app.request(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      })
    await post("/api/users", { name: "ada", password: "correct horse battery", role: "admin" })
    await post("/api/templates", { name: "cdn-main", url: "srt://{channel}.example.com:9000" })
    const created = await (await post("/api/channels", CHANNEL)).json()
    const { id, outputs } = created as { id: string; outputs: ReadonlyArray<{ id: string }> }
    this.#ids = { channel: id, output: outputs[0]?.id ?? "" }
    await post(`/api/channels/${id}/start`, {})
    await plane.receive(id)
    this.#left = REQUESTS
    return plane
  }

  #url(path: string): string {
    return path
      .replace("{name}", "ada")
      .replace("{node}", "node-a")
      .replace("{template}", "cdn-main")
      .replace("{id}", this.#ids.channel)
      .replace("{output_id}", this.#ids.output)
      .replace("{version}", "1")
      .replace("{file}", "index.m3u8")
  }

  async ask({ body, method, path, type }: Asked): Promise<void> {
    if (this.#left-- <= 0) await this.close()
    this.#plane ??= await this.#begin()
    const plane = this.#plane
    const began = performance.now()
    const answer = await plane.app.request(this.#url(path), {
      method,
      headers: { "Content-Type": type },
      ...(method === "GET" ? {} : { body: new Uint8Array(body) }),
    })
    const text = await answer.text()
    const took = performance.now() - began
    insist(took < ANSWER_MS, () => `${method} ${path} took ${Math.round(took)} ms`)
    checkAnswer(`${method} ${path}`, answer.status, text, plane.failures)
  }

  async close(): Promise<void> {
    await this.#plane?.close()
    this.#plane = null
  }
}
