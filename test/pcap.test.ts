import { describe, expect, it } from "vitest"
import { readPcap } from "./pcap.ts"

const u16 = (value: number) => [value >> 8, value & 255]
const udp = (payload: ReadonlyArray<number>) => [
  ...u16(4000),
  ...u16(5000),
  ...u16(8 + payload.length),
  0,
  0,
  ...payload,
]
const ipv4 = (inner: ReadonlyArray<number>, protocol = 17, fragment = 0) => [
  ...[0x45, 0, ...u16(20 + inner.length), 0, 0, ...u16(fragment), 64, protocol, 0, 0, 10, 0, 0, 1, 239, 1, 2, 3],
  ...inner,
]
const ipv6 = (inner: ReadonlyArray<number>) => [
  0x60,
  0,
  0,
  0,
  ...u16(inner.length),
  17,
  64,
  ...new Array(15).fill(0),
  1,
  ...new Array(15).fill(0),
  2,
  ...inner,
]
const ethernet = (type: ReadonlyArray<number>, inner: ReadonlyArray<number>) => [
  ...new Array(12).fill(0),
  ...type,
  ...inner,
]
const padded = [1, 2, 3, 0xee, 0xee].slice(0, 3)

const classic = (little: boolean, magic: number, link: number, frames: ReadonlyArray<ReadonlyArray<number>>) => {
  const bytes = new Uint8Array(24 + frames.reduce((sum, frame) => sum + 16 + frame.length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, little)
  view.setUint32(20, link, little)
  let at = 24
  for (const frame of frames) {
    for (const [i, value] of [3, 500_000, frame.length, frame.length].entries())
      view.setUint32(at + i * 4, value, little)
    bytes.set(frame, at + 16)
    at += 16 + frame.length
  }
  return bytes
}

const blocks = (link: number, frame: ReadonlyArray<number>) => {
  const length = Math.ceil(frame.length / 4) * 4
  const bytes = new Uint8Array(28 + 32 + 32 + length)
  const view = new DataView(bytes.buffer)
  const write = (at: number, values: ReadonlyArray<number>) =>
    values.forEach((value, i) => void view.setUint32(at + i * 4, value, true))
  write(0, [0x0a0d0d0a, 28, 0x1a2b3c4d, 1])
  // The option if_tsresol of 9 stands for nanoseconds.
  write(28, [1, 32, link, 65535, 9 | (1 << 16), 9, 0, 32])
  write(60, [6, 32 + length, 0, 0, 3_500_000_000, frame.length, frame.length])
  bytes.set(frame, 60 + 28)
  return bytes
}

describe("pcap reader", () => {
  const expected = {
    us: 3_500_000,
    source: "10.0.0.1",
    source_port: 4000,
    destination: "239.1.2.3",
    destination_port: 5000,
    payload: new Uint8Array(padded),
  }
  const packet = ipv4(udp(padded))

  it.each<[string, Uint8Array]>([
    [
      "little endian, trailing Ethernet padding",
      classic(true, 0xa1b2c3d4, 1, [ethernet([8, 0], [...packet, 0, 0, 0])]),
    ],
    ["big endian", classic(false, 0xa1b2c3d4, 1, [ethernet([8, 0], packet)])],
    ["one VLAN tag", classic(true, 0xa1b2c3d4, 1, [ethernet([0x81, 0, 0, 123, 8, 0], packet)])],
    ["two VLAN tags", classic(true, 0xa1b2c3d4, 1, [ethernet([0x88, 0xa8, 0, 1, 0x81, 0, 0, 123, 8, 0], packet)])],
    ["raw IP", classic(true, 0xa1b2c3d4, 101, [packet])],
    ["Linux cooked", classic(true, 0xa1b2c3d4, 113, [[...new Array(16).fill(0), ...packet]])],
    ["pcapng in nanoseconds", blocks(1, ethernet([8, 0], packet))],
  ])("%s", (_, bytes) => {
    expect(readPcap(bytes)).toEqual([expected])
  })

  it("scales nanosecond captures", () => {
    expect(readPcap(classic(true, 0xa1b23c4d, 101, [packet]))[0]?.us).toBe(3_000_500)
  })

  it("reads IPv6 and leaves out other protocols, fragments and stumps", () => {
    const frames = [ipv6(udp(padded)), ipv4(udp(padded), 6), ipv4(udp(padded), 17, 0x2000), [0x45, 0]]
    expect(readPcap(classic(true, 0xa1b2c3d4, 101, frames))).toMatchObject([
      { source: "0:0:0:0:0:0:0:1", destination_port: 5000 },
    ])
  })
})
