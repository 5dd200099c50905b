/**
 * What is wrong, or will be, between an output of MediaLive and the channel of ours that it feeds, in sentences, each
 * with the setting at MediaLive that it is about.
 */
import { isInNetworks, type Network, parseNetwork } from "../net/network.ts"
import { privateKind } from "../net/private-address.ts"
import type { MediaLiveChannel, MediaLiveOutput } from "./model.ts"
import { isSame, type LegMatch, type OurChannel } from "./our-legs.ts"

export const CHECK_CODES = [
  "scte35_off",
  "scte35_pid_missing",
  "scte35_pid_other",
  "scte35_not_taken_in",
  "fec_off_here",
  "fec_ports_taken",
  "one_destination",
  "same_machine",
  "pipeline_elsewhere",
  "input_loss_drops",
  "vbr",
  "audio_rtmp",
  "video_rtmp",
  "private_address",
  "sender_not_allowed",
] as const
export type CheckCode = (typeof CHECK_CODES)[number]

export interface Check {
  readonly code: CheckCode
  /** `error`: it will not work; `warning`: it works until something fails. */
  readonly severity: "error" | "warning"
  readonly message: string
  /** Path of the setting at MediaLive, in the words of its API; null for a setting of ours. */
  readonly setting: string | null
  /** The output it is about. */
  readonly output: string
}

/** SMPTE 2022-1 (2007) 7.2: column FEC arrives at the media port + 2, row FEC at + 4. */
const FEC_OFFSETS = [2, 4]

/** What RTMP carries of MediaLive's audio codecs. */
const RTMP_AUDIO = new Set(["aac", "ac3", "eac3", "eac3Atmos"])
const RTMP_VIDEO = new Set(["AVC", "HEVC", "AV1"])

type Found = Omit<Check, "output">
const error = (code: CheckCode, message: string, setting: string | null): Found => ({
  code,
  severity: "error",
  message,
  setting,
})
const warning = (code: CheckCode, message: string, setting: string | null): Found => ({
  ...error(code, message, setting),
  severity: "warning",
})

interface Pair {
  readonly media: MediaLiveChannel
  readonly output: MediaLiveOutput
  readonly ours: OurChannel
  /** What of this output comes to this channel. */
  readonly matches: ReadonlyArray<LegMatch>
  /** UDP ports of all channels, that FEC must not meet. */
  readonly takenPorts: ReadonlySet<number>
}

const scte35 = ({ media, output: { ts }, ours }: Pair): ReadonlyArray<Found> => {
  if (ts === null) return []
  const control = `${ts.path}.scte35Control`
  if (ts.scte35Control === "NONE")
    return [
      error(
        "scte35_off",
        "SCTE-35 passthrough is off: cues are removed from this output; set it to PASSTHROUGH",
        control,
      ),
    ]
  const found: Found[] = []
  const setting = `${ts.path}.scte35Pid`
  if (ts.scte35Pid === null)
    found.push(
      warning(
        "scte35_pid_missing",
        "the PID of SCTE-35 is not set: MediaLive chooses one, which may change when the channel is changed",
        setting,
      ),
    )
  else if (ours.scte35Pid !== null && ours.scte35Pid !== ts.scte35Pid)
    found.push(
      error(
        "scte35_pid_other",
        `SCTE-35 leaves MediaLive on PID ${ts.scte35Pid}, and ${ours.name} watches PID ${ours.scte35Pid}: set one to the other`,
        setting,
      ),
    )
  if (media.inputs.length > 0 && media.inputs.every(({ scte35Pid }) => scte35Pid === null))
    found.push(
      warning(
        "scte35_not_taken_in",
        "no input of MediaLive names a PID of SCTE-35: it takes the first one that the source declares",
        "inputAttachments[].inputSettings.scte35Pid",
      ),
    )
  return found
}

const fec = ({ matches, output, ours, takenPorts }: Pair): ReadonlyArray<Found> => {
  if (output.fec === null) return []
  const setting = `${output.path}.fecOutputSettings.includeFec`
  if (!ours.fec)
    return [
      warning(
        "fec_off_here",
        `MediaLive sends FEC, and ${ours.name} does not use it: set FEC to auto here, or switch it off there`,
        setting,
      ),
    ]
  const offsets = output.fec.include === "COLUMN" ? FEC_OFFSETS.slice(0, 1) : FEC_OFFSETS
  const taken = matches.flatMap(({ leg }) => offsets.map((n) => leg.port + n)).filter((port) => takenPorts.has(port))
  return taken.length === 0
    ? []
    : [
        error(
          "fec_ports_taken",
          `FEC comes to UDP port ${taken.join(" and ")}, where another input of this machine listens: move one of them by 5 ports or more`,
          setting,
        ),
      ]
}

const pipelines = ({ matches, media, output }: Pair): ReadonlyArray<Found> => {
  const setting = "destinations[].settings[].url"
  if (media.channelClass !== "STANDARD") return []
  if (output.destinations.length < 2)
    return [
      warning(
        "one_destination",
        "the channel has two pipelines and this output one destination: the second pipeline sends nothing; give it the address of the backup",
        setting,
      ),
    ]
  const [first, second] = output.destinations
  const found: Found[] = []
  const strangers = output.destinations.filter((one) => !matches.some(({ destination }) => isSame(destination, one)))
  for (const { pipeline, url } of strangers)
    found.push(
      warning(
        "pipeline_elsewhere",
        `pipeline ${pipeline} sends to ${url}, where no input of this channel is: the backup misses it`,
        setting,
      ),
    )
  if (strangers.length === 0 && first !== undefined && first.host === second?.host)
    found.push(
      warning(
        "same_machine",
        "both pipelines send to one address: what cuts this machine's network off cuts off both; a second network card or machine would not",
        setting,
      ),
    )
  return found
}

const delivery = ({ matches, media, output, ours }: Pair): ReadonlyArray<Found> => {
  const found: Found[] = []
  const action = output.inputLossAction
  if (action !== null && action !== "EMIT_PROGRAM")
    found.push(
      warning(
        "input_loss_drops",
        `when MediaLive loses its input it does ${action}: outputs of ours lose the programme too; EMIT_PROGRAM keeps it going`,
        `${output.groupPath}.inputLossAction`,
      ),
    )
  if (output.ts?.rateMode === "VBR")
    found.push(
      warning(
        "vbr",
        "the rate is variable and holds no null packets: the spacing is uneven, and the bit rate says little about losses; CBR is steadier",
        `${output.ts.path}.rateMode`,
      ),
    )
  for (const { destination } of matches) {
    const kind = privateKind(destination.host)
    if (kind !== null && !media.inVpc)
      found.push(
        error(
          "private_address",
          `${destination.host} is ${kind}, and the channel does not run in a VPC: MediaLive cannot reach it; delivery from a VPC is chosen when the channel is created`,
          "destinations[].settings[].url",
        ),
      )
  }
  const networks = ours.allowedSenders.map(parseNetwork).filter((one): one is Network => one !== null)
  const strangers = media.egressIps.filter((ip) => !isInNetworks(networks, ip))
  if (ours.allowedSenders.length > 0 && strangers.length > 0)
    found.push(
      error(
        "sender_not_allowed",
        `MediaLive sends from ${strangers.join(" and ")}, which ${ours.name} does not allow: add it to the allowed senders here`,
        null,
      ),
    )
  return found
}

const rtmp = ({ output, ours }: Pair): ReadonlyArray<Found> => {
  if (!ours.hasRtmp) return []
  const found = output.audio
    .filter(({ codec }) => !RTMP_AUDIO.has(codec))
    .map(({ codec, path }) =>
      warning("audio_rtmp", `RTMP cannot carry ${codec} audio: outputs by RTMP are silent; AAC works everywhere`, path),
    )
  const codec = output.video?.codec
  if (codec !== undefined && !RTMP_VIDEO.has(codec))
    found.push(
      warning(
        "video_rtmp",
        `RTMP cannot carry ${codec} video: outputs by RTMP have no picture; AVC works everywhere`,
        "encoderSettings.videoDescriptions[].codecSettings",
      ),
    )
  return found
}

/** All that is to be said of a channel of MediaLive and those of ours that it feeds, by output. */
export const checksOf = (
  media: MediaLiveChannel,
  matches: ReadonlyArray<LegMatch>,
  takenPorts: ReadonlySet<number>,
): ReadonlyArray<Check> =>
  media.outputs.flatMap((output) => {
    const own = matches.filter(({ destination }) => output.destinations.some((one) => isSame(one, destination)))
    const fed = new Map(own.map(({ channel }) => [channel.id, channel]))
    return [...fed.values()].flatMap((ours) => {
      const pair = { media, output, ours, takenPorts, matches: own.filter(({ channel }) => channel.id === ours.id) }
      return [scte35, fec, pipelines, delivery, rtmp].flatMap((look) =>
        look(pair).map((found) => ({ ...found, output: output.name })),
      )
    })
  })
