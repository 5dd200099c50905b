/** Findings on what the stream holds: programmes, codecs, markers, clock, random access points. */

import {
  AUDIO_CODECS,
  STREAM_TYPE_AAC_ADTS,
  STREAM_TYPE_H264,
  STREAM_TYPE_PRIVATE_PES,
  STREAM_TYPE_SCTE35,
  VIDEO_CODECS,
} from "../ts/stream-types.ts"
import type { Finding, PreflightFacts, ProgrammeFacts } from "./preflight-facts.ts"

const NO_PCR_PID = 0x1fff
const NO_IDR_AFTER_S = 10
/** Facebook refuses more than 4 s; YouTube, Twitch and the others ask for 2 s. */
const LONG_GOP_MS = 4000

export const programmeFindings = (facts: PreflightFacts, liveS: number): Finding[] => {
  const found: Finding[] = []
  const programmes = facts.programmes.filter(({ streams }) => streams.length > 0)
  if (programmes.length === 0) {
    found.push({
      code: "no_programme",
      message:
        facts.programmes.length === 0
          ? "no PAT has come: the stream is passed on as it is, but receivers and the RTMP and HLS outputs find no programme in it"
          : "the PAT names a programme whose PMT has not come or lists no streams: receivers and the RTMP and HLS outputs find nothing to play",
    })
    return found
  }
  if (programmes.length > 1) found.push(mpts(programmes))
  const names =
    programmes.length > 1
      ? (programme: ProgrammeFacts) => `programme ${programme.program_number} `
      : () => "the programme "
  if (!programmes.some((programme) => programme.streams.some(isScte35))) found.push(noScte35(programmes))
  for (const programme of programmes) found.push(...ofProgramme(programme, names(programme)))
  const clockless = withoutClock(facts, programmes)
  if (clockless !== null)
    found.push({
      code: "no_pcr",
      message: `${clockless}: receivers cannot follow the sender's clock, and UDP and RTP outputs keep the spacing of arrival`,
    })
  if (facts.scrambledPackets > 0)
    found.push({
      code: "scrambled",
      message: `${facts.scrambledPackets} packets were scrambled: they are passed on as they are, but RTMP and HLS outputs and the checks cannot read them; send the stream in the clear`,
    })
  return [...found, ...accessPoints(facts, liveS, programmes)]
}

const isScte35 = ({ stream_type }: { readonly stream_type: number }) => stream_type === STREAM_TYPE_SCTE35

const mpts = (programmes: ReadonlyArray<ProgrammeFacts>): Finding => ({
  code: "mpts",
  message: `the stream holds ${programmes.length} programmes (${programmes.map((p) => p.program_number).join(", ")}): SRT, UDP, RTP and file outputs carry all, RTMP and HLS one; send a stream of one programme if partners expect that`,
})

const noScte35 = (programmes: ReadonlyArray<ProgrammeFacts>): Finding => {
  const suspects = programmes.flatMap(({ streams }) =>
    streams.filter(({ stream_type }) => stream_type === STREAM_TYPE_PRIVATE_PES),
  )
  const hint =
    suspects.length === 0
      ? ""
      : ` (PID ${suspects.map(({ pid }) => pid).join(", ")} of private type 0x06 may be what an ffmpeg on the way made of it)`
  return {
    code: "no_scte35",
    message: `no PID of stream type 0x86 in the PMT, so there is no SCTE-35${hint}: MediaLive removes it by default; set "SCTE-35 control" of the UDP output (M2tsSettings.Scte35Control) to PASSTHROUGH`,
  }
}

const ofProgramme = (programme: ProgrammeFacts, name: string): Finding[] => {
  const found: Finding[] = []
  const { streams } = programme
  const scte35 = streams.filter(isScte35)
  if (scte35.length > 0 && !programme.cuei)
    found.push({
      code: "no_cuei",
      message: `${name}has SCTE-35 on PID ${scte35.map(({ pid }) => pid).join(", ")} without the CUEI registration descriptor (SCTE 35 8.1): the markers are read here all the same, but some receivers will not`,
    })
  return [...found, ...video(programme, name), ...audio(programme, name)]
}

const withoutClock = ({ pcrs }: PreflightFacts, programmes: ReadonlyArray<ProgrammeFacts>): string | null => {
  const without = programmes.filter(({ pcr_pid }) => pcr_pid === NO_PCR_PID)
  if (without.length > 0)
    return `programme ${without.map((p) => p.program_number).join(", ")} has no PCR (PCR_PID 0x1FFF)`
  return pcrs > 0 ? null : `no PCR has come (PCR_PID ${[...new Set(programmes.map((p) => p.pcr_pid))].join(", ")})`
}

const video = ({ streams }: ProgrammeFacts, name: string): Finding[] => {
  const codecs = streams.flatMap(({ stream_type }) => VIDEO_CODECS[stream_type] ?? [])
  if (codecs.length === 0)
    return [{ code: "no_video", message: `${name}has no video: RTMP platforms refuse such a stream` }]
  if (streams.some(({ stream_type }) => stream_type === STREAM_TYPE_H264)) return []
  const enhanced = codecs.includes("HEVC") ? "; platforms that take Enhanced RTMP, such as YouTube, take HEVC" : ""
  return [
    {
      code: "rtmp_video",
      message: `${name}has ${unique(codecs)} video, which classic RTMP cannot carry: RTMP outputs need H.264${enhanced}; SRT, UDP and RTP outputs carry it`,
    },
  ]
}

const audio = ({ streams }: ProgrammeFacts, name: string): Finding[] => {
  if (streams.some(({ stream_type }) => stream_type === STREAM_TYPE_AAC_ADTS)) return []
  const codecs = streams.flatMap(({ stream_type }) => AUDIO_CODECS[stream_type] ?? [])
  const mayBePrivate = streams.some(({ stream_type }) => stream_type === STREAM_TYPE_PRIVATE_PES)
  if (codecs.length > 0)
    return [
      {
        code: "rtmp_audio",
        message: `${name}has ${unique(codecs)} and no AAC with ADTS headers (stream type 0x0F), which is what RTMP outputs carry: add an AAC audio to the encoder's output; SRT, UDP and RTP outputs carry it as it is`,
      },
    ]
  if (mayBePrivate)
    return [
      {
        code: "rtmp_audio",
        message: `${name}has no AAC audio; a PID of private type 0x06 may hold AC-3 or Opus, which RTMP outputs cannot carry: add an AAC audio to the encoder's output`,
      },
    ]
  return [{ code: "no_audio", message: `${name}has no audio: YouTube and Facebook refuse RTMP without it` }]
}

const unique = (codecs: ReadonlyArray<string>): string => [...new Set(codecs)].join(" and ")

const accessPoints = (facts: PreflightFacts, liveS: number, programmes: ReadonlyArray<ProgrammeFacts>): Finding[] => {
  const hasVideo = programmes.some(({ streams }) =>
    streams.some(({ stream_type }) => VIDEO_CODECS[stream_type] !== undefined),
  )
  // Nothing can be found in pictures that are scrambled.
  if (!hasVideo || facts.scrambledPackets > 0) return []
  if (liveS >= NO_IDR_AFTER_S && (facts.accessPointAgeS === null || facts.accessPointAgeS >= NO_IDR_AFTER_S)) {
    const since =
      facts.accessPointAgeS === null ? `in ${Math.floor(liveS)} s` : `for ${Math.floor(facts.accessPointAgeS)} s`
    return [
      {
        code: "no_idr",
        message: `no random access point (IDR picture) has come ${since}: receivers cannot start and a switch of legs cannot be clean; set a closed GOP of 1 to 2 s at the encoder`,
      },
    ]
  }
  const intervalMs = facts.accessPointIntervalMs ?? 0
  if (intervalMs <= LONG_GOP_MS) return []
  const seconds = (intervalMs / 1000).toFixed(1)
  return [
    {
      code: "long_gop",
      message: `random access points are up to ${seconds} s apart: receivers wait that long for a picture, a switch of legs too, and platforms ask for 2 s; shorten the GOP at the encoder`,
    },
  ]
}
