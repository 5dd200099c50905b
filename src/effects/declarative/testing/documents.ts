/** Documents for property tests, with secrets that a search finds, and a store that is a list. */
import { FastCheck as fc } from "effect"
import type { Stamp } from "../../config/validate.ts"
import type { ChannelConfig } from "../../model/channel.ts"
import { atOnce } from "../../model/slices.ts"
import type { StoreChange } from "../../store/store-change.ts"
import type { ChannelDocument, ConfigDocument, OutputDocument } from "../document.ts"
import { resolveDocument, type WantedChannel } from "../resolve.ts"

/** Part of every secret. */
export const MARK = "s3cr3t"

const secret = fc.nat(3).map((n) => `${MARK}-key-${n}`)
/** One of these words. */
const one = <const A extends ReadonlyArray<unknown>>(...values: A): fc.Arbitrary<A[number]> =>
  fc.constantFrom(...values)
const omit: { requiredKeys: [] } = { requiredKeys: [] }

/** No two outputs of different slugs claim the same port or directory. */
const destination = (place: string): fc.Arbitrary<Omit<OutputDocument, "slug">> =>
  fc.oneof(
    fc.tuple(fc.nat(2), secret).map(
      ([n, key]): Omit<OutputDocument, "slug"> => ({
        url: `srt://192.0.2.${n}:9000?latency=20${n}&passphrase=${key}`,
      }),
    ),
    fc.record({ url: one("udp://192.0.2.1:9000", "rtp://192.0.2.1:9000", "udp://239.1.1.1:5000?ttl=4") }),
    fc.record({
      url: one("rtmp://h.example.com/live", "rtmps://h.example.com/app"),
      stream_key: secret,
      settings: fc.record(
        { cue_points: one("youtube", "bin64"), verify_tls: fc.boolean(), audio: fc.constant(null) },
        omit,
      ),
    }),
    fc.record({
      preset: one("youtube", "facebook"),
      stream_key: secret,
      settings: fc.record({ audio: one(null, "source", "silence"), codecs: fc.constant(["hevc"] as const) }, omit),
    }),
    fc.record({ preset: one("youtube_hls"), stream_key: secret }),
    secret.map((key) => ({
      url: "s3://bucket/live",
      settings: { s3_access_key_id: "AKIA", s3_secret_access_key: key, playlist_segments: 5 },
    })),
    secret.map((key) => ({ url: `https://u:${key}@origin.example.com/live/index.m3u8?token=${key}` })),
    fc.record({
      url: one(`hls://${place}`, `file://${place}`),
      settings: fc.record({ segment_s: one(2, 8) }, omit),
    }),
  )

const output = (channel: string): fc.Arbitrary<OutputDocument> =>
  fc
    .constantFrom("cdn", "youtube", "out-3", "out-4")
    .chain((slug) =>
      fc
        .tuple(
          destination(`${channel}/${slug}`),
          fc.record({ name: one("CDN", "Été", "x: y # z", "no"), enabled: fc.boolean() }, omit),
        )
        .map(([where, rest]) => ({ slug, ...rest, ...where })),
    )

const channel = (slug: string, index: number): fc.Arbitrary<ChannelDocument> =>
  fc
    .record({
      port: one(5000, 5002),
      name: one("News", "Sport", "8", "null"),
      own: fc.record(
        {
          rtp_ip: one("0.0.0.0", "127.0.0.1"),
          tags: one(["sport"], ["news", "sport"]),
          autostart: fc.boolean(),
          auto_run: one("off", "on_demand"),
          input: fc.record(
            { mode: one("failover"), reorder_ms: fc.nat(2), allowed_senders: fc.constant(["10.0.0.0/8"]) },
            omit,
          ),
        },
        omit,
      ),
      backup: fc.boolean(),
      outputs: fc.uniqueArray(output(slug), { selector: (item) => item.slug, maxLength: 4 }),
    })
    .map(({ backup, name, outputs, own, port }): ChannelDocument => {
      const rtp_port = port + index * 10
      return {
        slug,
        name,
        rtp_port,
        ...own,
        ...(backup ? { backup_rtp_ip: "127.0.0.1", backup_rtp_port: rtp_port + 4 } : {}),
        outputs,
      }
    })

const SLUGS = ["news", "sport", "main-event", "kids"]

export const documents: fc.Arbitrary<ConfigDocument> = fc
  .shuffledSubarray(SLUGS)
  .chain((slugs) => fc.tuple(...slugs.map((slug) => channel(slug, SLUGS.indexOf(slug)))))
  .map((channels) => ({ version: 1, channels }))

let ids = 0
export const stamp: Stamp = { id: () => `id-${++ids}`, createdAt: "2026-01-02T03:04:05.000Z" }

/** The channels a document asks for; throws when it is refused. */
export const wantedBy = (
  document: ConfigDocument,
  current: ReadonlyArray<ChannelConfig>,
): ReadonlyArray<WantedChannel> => {
  const resolved = atOnce(resolveDocument(document, current, stamp))
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.errors))
  return resolved.value
}

/** What the store holds after these changes, read back as it would be. Throws at what a database would refuse. */
export const stored = (
  before: ReadonlyArray<ChannelConfig>,
  changes: ReadonlyArray<StoreChange>,
): ReadonlyArray<ChannelConfig> => {
  const channels = before.map((one) => ({ ...one, outputs: [...one.outputs] }))
  let last = Math.max(0, ...before.map(({ number }) => number))
  const at = (id: string) => {
    const found = channels.find((one) => one.id === id)
    if (found === undefined) throw new Error(`no channel ${id}`)
    return found
  }
  const free = (slugs: ReadonlyArray<{ readonly slug: string }>, slug: string) => {
    if (slugs.some((item) => item.slug === slug)) throw new Error(`UNIQUE: ${slug}`)
  }
  for (const change of changes) {
    if (change.op === "delete_channel") channels.splice(channels.indexOf(at(change.id)), 1)
    else if (change.op === "insert_channel") {
      free(channels, change.channel.slug)
      channels.push({ ...change.channel, number: ++last, outputs: [...change.channel.outputs] })
    } else if (change.op === "update_channel") {
      const { outputs: _, ...own } = change.channel
      Object.assign(at(change.channel.id), own)
    } else if (change.op === "insert_output") {
      const owner = at(change.channelId)
      free(owner.outputs, change.output.slug)
      owner.outputs.push(change.output)
      Object.assign(owner, { last_output_number: Math.max(owner.last_output_number, change.output.number) })
    } else {
      const id = change.op === "delete_output" ? change.id : change.output.id
      const owner = channels.find(({ outputs }) => outputs.some((one) => one.id === id))
      const place = owner?.outputs.findIndex((one) => one.id === id) ?? -1
      if (owner === undefined) throw new Error(`no output ${id}`)
      owner.outputs.splice(place, 1, ...(change.op === "update_output" ? [change.output] : []))
    }
  }
  return channels
}
