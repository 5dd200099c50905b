/** The shared test material at `../shared/media` beside the repository, if it is there. */
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL("../../shared/media", import.meta.url))

/** Whether the test material is there; tests that need it are skipped without it. */
export const hasMedia = existsSync(directory)

export const readMedia = (name: string): Uint8Array => new Uint8Array(readFileSync(`${directory}/${name}`))

/** What MANIFEST.md states about a transport stream, as found by a parser that is not ours. */
export interface StreamFacts {
  readonly name: string
  readonly packets: number
  /** Offset of the first packet in bytes. */
  readonly first_sync: number
  readonly cc_errors: number
  readonly cc_duplicates: number
  readonly tei: number
  readonly scrambled: number
  readonly discontinuities: number
  /** Number of PCRs on each PID. */
  readonly pcrs: ReadonlyMap<number, number>
  readonly programs: ReadonlyArray<{
    readonly program_number: number
    readonly pmt_pid: number
    readonly pcr_pid: number
  }>
  readonly streams: ReadonlyArray<number>
  readonly pids: ReadonlyArray<number>
  readonly scte35_sections: number
}

const numberAfter = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)

const readFacts = (name: string, text: string): StreamFacts => ({
  name,
  packets: numberAfter(text, /(\d+) pkt x188/),
  first_sync: numberAfter(text, /first sync at (\d+)/),
  cc_errors: numberAfter(text, /; cc errors (\d+)/),
  cc_duplicates: numberAfter(text, /; dup (\d+)/),
  tei: numberAfter(text, /; TEI (\d+)/),
  scrambled: numberAfter(text, /; scrambled (\d+)/),
  discontinuities: numberAfter(text, /; disc_ind (\d+)/),
  pcrs: new Map([...text.matchAll(/PCR (0x[0-9a-f]+) n=(\d+)/g)].map(([, pid, n]) => [Number(pid), Number(n)])),
  programs: [...text.matchAll(/prog (\d+) pmt (0x[0-9a-f]+) pcr (0x[0-9a-f]+)/g)].map(([, program, pmt, pcr]) => ({
    program_number: Number(program),
    pmt_pid: Number(pmt),
    pcr_pid: Number(pcr),
  })),
  streams: [...(/pcr 0x[^[]*\[([^\]]*)\]/.exec(text)?.[1] ?? "").matchAll(/(0x[0-9a-f]+):/g)].map(([, pid]) =>
    Number(pid),
  ),
  pids: (/; pids ([0-9a-fx,]+)/.exec(text)?.[1] ?? "").split(",").filter(Boolean).map(Number),
  scte35_sections: numberAfter(text, /SCTE-35 sections (\d+)/),
})

/** Every file that the manifest describes as 188-byte packets. */
export const transportStreams = (): StreamFacts[] =>
  hasMedia
    ? Buffer.from(readMedia("MANIFEST.md"))
        .toString()
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .filter(([, name, , , , contents]) => name?.endsWith(".ts") === true && contents?.includes("pkt x188") === true)
        .map(([, name = "", , , , contents = ""]) => readFacts(name, contents))
        .filter(({ name }) => existsSync(`${directory}/${name}`))
    : []
