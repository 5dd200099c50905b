/** Exports of core.wasm, see `assembly/index.ts`. u64 parameters take BigInt. */
export interface CoreExports {
  readonly resetLeg: (leg: number) => void
  readonly resetChannel: (channel: number) => void
  readonly startLegAt: (leg: number, from: number) => void
  readonly startChannelAt: (channel: number, from: number) => void
  readonly initReceive: (base: bigint) => void
  readonly prepareReceive: () => void
  readonly setSource: (channel: number, leg: number, atOnce: number) => void
  readonly allowMerge: (channel: number, allowed: number, windowUs: number) => void
  readonly insertPackets: (
    channel: number,
    pid: number,
    count: number,
    afterUs: number,
    untilUs: number,
    nowUs: number,
  ) => number
  readonly setScte35Pid: (leg: number, pid: number) => void
  readonly tick: (nowUs: number) => void
  readonly readUntil: (leg: number, nowUs: number) => number
  readonly ingest: (leg: number, count: number, clockOffsetUs: number, nowUs: number) => number
  readonly ingestRelayed: (leg: number, count: number, clockOffsetUs: number, nowUs: number) => number
  readonly relay: (leg: number, count: number) => number
  readonly ingestFec: (leg: number, isRow: number, count: number, clockOffsetUs: number, nowUs: number) => number
  readonly fecPortsEmpty: (leg: number) => void
  readonly initSend: (base: bigint) => void
  readonly setSend: (
    index: number,
    slotAddress: number,
    offset: number,
    length: number,
    withHeader: number,
    sequence: number,
    timestamp: number,
    ssrc: number,
  ) => void
  readonly setMsgCtrl: (slotAddress: number, minUs: number) => void
}
