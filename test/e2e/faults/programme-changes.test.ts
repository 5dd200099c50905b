/**
 * The programme changes in mid-stream: the bytes go through untouched, and each change is told (row 17 of the fault
 * matrix).
 */

import { afterEach, beforeEach, expect, it } from "vitest"
import { joinBytes } from "../../../src/core/bytes/join-bytes.ts"
import { buildPat, buildPmt, type PmtStream } from "../../../src/core/ts/psi.ts"
import { generateTs } from "../../../src/test-source/test-programme.ts"
import { TsWriter } from "../../ts-stream.ts"
import { EngineBench } from "../engine-bench.ts"
import { eventually } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

const H264 = 0x1b
const HEVC = 0x24
const AAC = 0x0f
const SCTE35 = 0x86

let bench: EngineBench
let receiver: UdpReceiver
let port: number

beforeEach(async () => {
  bench = await EngineBench.start()
  receiver = await UdpReceiver.open()
  port = await bench.channel()
  await bench.connect(`udp://127.0.0.1:${receiver.port}`)
})
afterEach(() => {
  bench.close()
  receiver.close()
})

/** A stretch of the stream and what its tables announce. */
interface Stretch {
  readonly version: number
  readonly streams: ReadonlyArray<readonly [pid: number, type: number]>
  readonly pmtPid?: number
  readonly patVersion?: number
  readonly program?: number
}

/** Writes half a second of stream: the tables every 10 packets, with a PCR and video in between. */
const write = (
  writer: TsWriter,
  { version, streams, pmtPid = 0x1000, patVersion = 0, program = 1 }: Stretch,
): Uint8Array => {
  const [first = [0x1fff, 0] as const] = streams
  const listed: PmtStream[] = streams.map(([pid, stream_type]) => ({ pid, stream_type, descriptors: [] }))
  const pat = buildPat({
    transport_stream_id: 1,
    version: patVersion,
    programs: [{ program_number: program, pid: pmtPid }],
  })
  const pmt = buildPmt({ program_number: program, version, pcr_pid: first[0], descriptors: [], streams: listed })
  const parts: Uint8Array[] = []
  for (let i = 0; i < 30; i++) {
    parts.push(writer.section(0, pat), writer.section(pmtPid, pmt))
    for (const [pid, type] of streams) if (type !== SCTE35) for (let n = 0; n < 5; n++) parts.push(writer.media(pid))
  }
  return joinBytes(parts)
}

const play = async (stretches: ReadonlyArray<Stretch>): Promise<void> => {
  const writer = new TsWriter()
  const ts = Buffer.from(joinBytes(stretches.map((stretch) => write(writer, stretch))))
  await sendTs(ts, { port, bitrate: 20e6 })
  await eventually("all bytes arrived", () => (receiver.size >= ts.length ? true : null))
  expect(receiver.bytes().equals(ts)).toBe(true)
  expect(bench.counters()).toMatchObject({ cc_errors: 0, crc_errors: 0, sync_losses: 0 })
}

it.each<[string, ReadonlyArray<Stretch>, ReadonlyArray<RegExp>]>([
  [
    "audio added later",
    [
      { version: 0, streams: [[0x100, H264]] },
      {
        version: 1,
        streams: [
          [0x100, H264],
          [0x101, AAC],
        ],
      },
    ],
    [/version 0, PCR PID 256\): 256:0x1b$/, /version 1, PCR PID 256\): 256:0x1b 257:0x0f$/],
  ],
  [
    "PIDs change, as at an ad",
    [
      {
        version: 3,
        streams: [
          [0x100, H264],
          [0x101, AAC],
        ],
      },
      {
        version: 4,
        streams: [
          [0x200, H264],
          [0x201, AAC],
        ],
      },
    ],
    [/version 3, PCR PID 256\)/, /version 4, PCR PID 512\): 512:0x1b 513:0x0f$/],
  ],
  [
    "codec changes from H.264 to HEVC on the same PID",
    [
      { version: 31, streams: [[0x100, H264]] },
      { version: 0, streams: [[0x100, HEVC]] },
    ],
    [/version 31, .*256:0x1b$/, /version 0, .*256:0x24$/],
  ],
  [
    "codec changes without a new version number, which encoders forget",
    [
      { version: 5, streams: [[0x100, H264]] },
      { version: 5, streams: [[0x100, HEVC]] },
    ],
    [/version 5, .*256:0x1b$/, /version 5, .*256:0x24$/],
  ],
  [
    "version goes there and back",
    [
      { version: 1, streams: [[0x100, H264]] },
      { version: 2, streams: [[0x100, H264]] },
      { version: 1, streams: [[0x100, H264]] },
    ],
    [/version 1,/, /version 2,/, /version 1,/],
  ],
  [
    "SCTE-35 PID appears and disappears",
    [
      { version: 0, streams: [[0x100, H264]] },
      {
        version: 1,
        streams: [
          [0x100, H264],
          [500, SCTE35],
        ],
      },
      { version: 2, streams: [[0x100, H264]] },
    ],
    [/: 256:0x1b$/, /: 256:0x1b 500:0x86$/, /: 256:0x1b$/],
  ],
  [
    "PMT moves to another PID",
    [
      { version: 0, streams: [[0x100, H264]] },
      { version: 1, streams: [[0x100, H264]], pmtPid: 0x1001, patVersion: 1 },
    ],
    [/version 0,/, /version 1,/],
  ],
  [
    "another programme takes its place",
    [
      { version: 0, streams: [[0x100, H264]] },
      { version: 0, streams: [[0x300, HEVC]], pmtPid: 0x1ff0, patVersion: 1, program: 7 },
    ],
    [/programme 1 /, /programme 7 .*768:0x24$/],
  ],
])("row 17: %s: bytes untouched, each change told", async (_, stretches, told) => {
  await play(stretches)
  await eventually("the changes are told", () => (bench.legMessages("psi_changed").length >= told.length ? true : null))
  expect(bench.legMessages("psi_changed")).toEqual(told.map((pattern) => expect.stringMatching(pattern)))
  const last = stretches.at(-1)
  expect(bench.leg().programmes).toEqual([
    {
      program_number: last?.program ?? 1,
      pmt_pid: last?.pmtPid ?? 0x1000,
      pcr_pid: last?.streams[0]?.[0],
      version: last?.version,
      cuei: false,
      streams: last?.streams.map(([pid, stream_type]) => ({ pid, stream_type })),
    },
  ])
})

it("row 17: one encoder's programme is replaced by another's, whose clock and counters start elsewhere", async () => {
  const options = { bitrate: 3e6, breakEverySeconds: 0 }
  const before = generateTs(1, { ...options, programNumber: 1 })
  const after = generateTs(1, { ...options, programNumber: 2, startPts90k: 2 ** 33 - 45_000 })
  const ts = Buffer.concat([before, after])
  await sendTs(ts, { port, bitrate: 15e6 })
  await receiver.atLeast(ts.length / 1316)
  expect(receiver.bytes().equals(ts)).toBe(true)
  await eventually("both programmes are told", () => (bench.legMessages("psi_changed").length >= 2 ? true : null))
  expect(bench.legMessages("psi_changed").at(-1)).toMatch(/^programme 2 .*500:0x86$/)
  expect(bench.leg().programmes).toMatchObject([{ program_number: 2, cuei: true, pcr_pid: 481 }])
})
