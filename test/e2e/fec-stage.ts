/** A channel with FEC whose sender is ffmpeg, with losses on the way. */
import type { LegView } from "../../src/effects/model/channel.ts"
import { FecRelay, FfmpegSender, type RelayRules } from "./ffmpeg-fec.ts"
import { eventually, type Product } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"
import { freePortBlock } from "./udp-ports.ts"

export interface Stage {
  readonly relay: FecRelay
  readonly id: string
  /** Media port of the product. */
  readonly port: number
  send(fec?: { columns: number; rows: number }, sequence?: number): FfmpegSender
  leg(): Promise<LegView>
  /** Waits until the leg satisfies `found`. */
  until(what: string, found: (leg: LegView) => boolean, ms?: number): Promise<LegView>
  /** Returns what came out, once nothing more comes. */
  out(): Promise<Buffer>
}

/** Makes a channel of the product for the time of `run`; what is sent to it, which is `file`, goes through `rules`. */
export const stageChannel = async (
  { file, product }: { readonly file: string; readonly product: Product },
  name: string,
  rules: RelayRules,
  fec: "auto" | "off",
  run: (stage: Stage) => Promise<void>,
): Promise<void> => {
  const port = await freePortBlock()
  const receiver = await UdpReceiver.open()
  const relay = await FecRelay.open(port, rules)
  const senders: FfmpegSender[] = []
  const outputs = [{ url: `udp://127.0.0.1:${receiver.port}` }]
  const { id } = await product.channel({ name, rtp_ip: "127.0.0.1", rtp_port: port, input: { fec }, outputs })
  const leg = async () => {
    const [first] = (await product.view(id)).input.legs
    if (first === undefined) throw new Error("the channel has no leg")
    return first
  }
  try {
    await product.until("the output is connected", id, (view) => view.outputs[0]?.status === "connected")
    await run({
      relay,
      id,
      port,
      send: (matrix, sequence) => {
        const options = {
          file,
          port: relay.port,
          ...(matrix && { fec: matrix }),
          ...(sequence !== undefined && { sequence }),
        }
        const sender = new FfmpegSender(options)
        senders.push(sender)
        return sender
      },
      leg,
      until: (what, found, ms = 10_000) =>
        eventually(
          what,
          async () => {
            const now = await leg()
            return found(now) ? now : null
          },
          ms,
        ),
      out: async () => {
        let [last, since] = [receiver.size, performance.now()]
        await eventually("the output is quiet", () => {
          if (receiver.size !== last) [last, since] = [receiver.size, performance.now()]
          return performance.now() - since > 1500 ? true : null
        })
        return receiver.bytes()
      },
    })
  } finally {
    await Promise.all(senders.map((sender) => sender.stop()))
    await product.api("DELETE", `/api/channels/${id}`)
    receiver.close()
    relay.close()
  }
}

export interface Played {
  readonly relay: FecRelay
  readonly fec: LegView["fec"]
  readonly leg: LegView
  readonly out: Buffer
}
