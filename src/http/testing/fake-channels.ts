/** A fake of `Channels`, over channels in memory. */
import { Effect } from "effect"
import { settingsOf } from "../../effects/config/request-bodies.ts"
import type { ChannelView, OutputView } from "../../effects/model/channel.ts"
import { Conflict } from "../../effects/model/Errors.ts"
import type { ChannelsService } from "../../effects/supervisor/Channels.ts"
import { CREATED, fakeInput, fakeLeg, fakeScte35 } from "./fake-views.ts"
import { type FakeWorld, slugOf, UNTIL } from "./fake-world.ts"

const portTaken = (port: number | null | undefined) =>
  new Conflict({ errors: [{ path: "rtp_port", message: `port ${port} is used by another channel` }] })

/** What is shown of a channel that was just made. */
const shownChannel = (
  id: string,
  number: number,
  input: Parameters<ChannelsService["create"]>[0],
  outputs: ReadonlyArray<OutputView>,
): ChannelView => {
  const rtp_port = input.rtp_port ?? null
  const rtp_ip = input.rtp_ip ?? "0.0.0.0"
  return {
    id,
    number,
    slug: slugOf(input.name),
    name: input.name,
    rtp_ip,
    rtp_port,
    input_url: input.input_url ?? null,
    backup_input_url: input.backup_input_url ?? null,
    backup_rtp_ip: input.backup_rtp_ip ?? null,
    backup_rtp_port: input.backup_rtp_port ?? null,
    tags: input.tags ?? [],
    autostart: input.autostart ?? false,
    auto_run: input.auto_run ?? "off",
    input: fakeInput({ ...settingsOf(input.input), legs: [fakeLeg({ ip: rtp_ip, port: rtp_port ?? 0 })] }),
    status: "stopped",
    lifecycle: "idle",
    error: null,
    uptime: 0,
    created_at: CREATED,
    active_source: "primary",
    worst: { state: "ok", cause: null, since: null, outputs_down: 0 },
    alarms: [],
    scte35: fakeScte35(),
    outputs,
  }
}

export const fakeChannels = ({
  change,
  channels,
  find,
  keep,
  makeOutput,
  newId,
  put,
  set,
}: FakeWorld): ChannelsService => ({
  list: Effect.sync(() => [...channels.values()]),
  get: find,
  secretsTag: () => "",
  freePort: (use) => Effect.sync(() => (use === "udp" ? 5000 : 8890) + channels.size),
  listenerUrls: Effect.sync(() => ({
    primary: `srt://:${8890 + channels.size}?mode=listener`,
    backup: `srt://:${9890 + channels.size}?mode=listener`,
  })),
  create: (input) =>
    Effect.suspend(() => {
      if ([...channels.values()].some((c) => c.rtp_port === input.rtp_port)) return portTaken(input.rtp_port)
      const [id, number] = [newId(), channels.size + 1]
      const outputs = (input.outputs ?? []).map((o, i) => makeOutput(o, i + 1))
      return Effect.succeed(put(shownChannel(id, number, input, outputs)))
    }),
  clone: (ref, { name, rtp_port }) =>
    Effect.map(find(ref), (channel) => {
      const copy = { ...channel, id: newId(), number: channels.size + 1, slug: slugOf(name), name }
      return { channel: put({ ...copy, rtp_port: rtp_port ?? (channel.rtp_port ?? 0) + 2, outputs: [] }), left_out: [] }
    }),
  update: (ref, { id: _, input, ...changed }, check) =>
    change(
      Effect.flatMap(find(ref), (channel) =>
        set(ref, {
          ...(Object.fromEntries(Object.entries(changed).filter(([, v]) => v !== undefined)) as Partial<ChannelView>),
          input: { ...channel.input, ...settingsOf(input) },
        }),
      ),
      check,
    ),
  remove: (ref, check) =>
    change(
      Effect.map(find(ref), (channel) => {
        channels.delete(channel.id)
        return keep(
          { kind: "channel", name: channel.name, channel: { name: channel.name, slug: channel.slug }, until: UNTIL },
          () => put(channel),
        )
      }),
      check,
    ),
  preview: (input, ref) =>
    [...channels.values()].some((c) => c.rtp_port === input.rtp_port && c.slug !== ref)
      ? portTaken(input.rtp_port)
      : Effect.void,
  start: (ref) => set(ref, { status: "running", uptime: 5 }),
  stop: (ref) => set(ref, { status: "stopped", uptime: 0 }),
  switchSource: (ref, source) => set(ref, { active_source: source }),
})
