/**
 * Reads a Dockerfile into its stages. It knows the instructions that ours has and refuses every other one, so that what
 * the test of the image carries out is what a container engine would.
 */

export type Step =
  | { readonly op: "run"; readonly command: string }
  | {
      readonly op: "copy"
      readonly from: string | null
      readonly sources: ReadonlyArray<string>
      readonly target: string
    }
  | { readonly op: "workdir"; readonly path: string }
  | { readonly op: "env"; readonly variables: Readonly<Record<string, string>> }
  | { readonly op: "user"; readonly uid: number; readonly gid: number }

export interface Stage {
  /** Image and exact tag, e.g. `debian:12.15-slim`. */
  readonly base: string
  readonly name: string | null
  readonly steps: ReadonlyArray<Step>
  /** Metadata of the image; the last of each counts. */
  readonly meta: StageMeta
}

export interface StageMeta {
  readonly volumes: ReadonlyArray<string>
  readonly ports: ReadonlyArray<string>
  readonly stopSignal: string | null
  readonly entrypoint: ReadonlyArray<string> | null
  readonly healthcheck: {
    readonly options: Readonly<Record<string, string>>
    readonly command: ReadonlyArray<string>
  } | null
}

interface Line {
  readonly number: number
  readonly instruction: string
  readonly rest: string
}

const refuse = (line: Line, why: string): never => {
  throw new Error(`Dockerfile:${line.number}: ${line.instruction}: ${why}`)
}

/** Instructions with their continuation lines joined; comments between them are dropped, as Docker does. */
const readLines = (text: string): ReadonlyArray<Line> => {
  const lines: Line[] = []
  let open: { number: number; text: string } | null = null
  text.split("\n").forEach((raw, index) => {
    if (/^\s*(#.*)?$/.test(raw)) return
    const continued = /\\\s*$/.test(raw)
    const part = raw.replace(/\\\s*$/, "").trim()
    open = { number: open?.number ?? index + 1, text: open === null ? part : `${open.text} ${part}` }
    if (continued) return
    const [, instruction = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(open.text) ?? []
    lines.push({ number: open.number, instruction: instruction.toUpperCase(), rest })
    open = null
  })
  if (open !== null) throw new Error("Dockerfile: the last line is continued, and nothing follows")
  return lines
}

const execForm = (line: Line, text: string): ReadonlyArray<string> => {
  let words: unknown
  try {
    words = JSON.parse(text)
  } catch {
    return refuse(line, "must have the exec form, a JSON list")
  }
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === "string")) {
    return refuse(line, "must be a list of strings")
  }
  return words
}

/** Leading `--name=value` words and what follows them. */
const withFlags = (text: string): { readonly flags: Record<string, string>; readonly rest: string } => {
  const flags: Record<string, string> = {}
  let rest = text
  for (let found = /^--([\w-]+)=(\S+)\s+/.exec(rest); found !== null; found = /^--([\w-]+)=(\S+)\s+/.exec(rest)) {
    flags[found[1] ?? ""] = found[2] ?? ""
    rest = rest.slice(found[0].length)
  }
  return { flags, rest }
}

const readCopy = (line: Line): Step => {
  const { flags, rest } = withFlags(line.rest)
  for (const flag of Object.keys(flags)) if (flag !== "from") refuse(line, `--${flag} is not known here`)
  const words = rest.split(/\s+/)
  const target = words.at(-1)
  if (words.length < 2 || target === undefined || /["[*?]/.test(rest))
    return refuse(line, "must be plain paths and a target")
  return { op: "copy", from: flags["from"] ?? null, sources: words.slice(0, -1), target }
}

const readEnv = (line: Line): Step => {
  const variables: Record<string, string> = {}
  for (const word of line.rest.split(/\s+/)) {
    const [, name, value] = /^([A-Za-z_]\w*)=([^"'$\\]*)$/.exec(word) ?? []
    if (name === undefined || value === undefined) return refuse(line, `"${word}" is not NAME=value without quotes`)
    variables[name] = value
  }
  return { op: "env", variables }
}

const readUser = (line: Line): Step => {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(line.rest) ?? []
  return uid === undefined || gid === undefined
    ? refuse(line, "must be numbers, UID:GID, as Kubernetes cannot tell whether a name is root")
    : { op: "user", uid: Number(uid), gid: Number(gid) }
}

const readFrom = (line: Line): { readonly base: string; readonly name: string | null } => {
  const [, base, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(line.rest) ?? []
  if (base === undefined || !/:[\w.-]*\d[\w.-]*$/.test(base))
    return refuse(line, `"${line.rest}" is no image with an exact tag`)
  return { base, name: name ?? null }
}

const EMPTY_META: StageMeta = { volumes: [], ports: [], stopSignal: null, entrypoint: null, healthcheck: null }

const readMeta = (line: Line, meta: StageMeta): StageMeta => {
  switch (line.instruction) {
    case "VOLUME":
      return { ...meta, volumes: [...meta.volumes, ...line.rest.split(/\s+/)] }
    case "EXPOSE":
      return { ...meta, ports: [...meta.ports, ...line.rest.split(/\s+/)] }
    case "STOPSIGNAL":
      return { ...meta, stopSignal: line.rest }
    case "ENTRYPOINT":
      return { ...meta, entrypoint: execForm(line, line.rest) }
    case "HEALTHCHECK": {
      const { flags, rest } = withFlags(line.rest)
      if (!rest.startsWith("CMD ")) return refuse(line, "must be CMD with a list")
      return { ...meta, healthcheck: { options: flags, command: execForm(line, rest.slice(4)) } }
    }
    default:
      return refuse(line, "is an instruction that the test of the image does not carry out")
  }
}

const readStep = (line: Line): Step | null => {
  switch (line.instruction) {
    case "RUN":
      return /^(\[|--|<<)/.test(line.rest)
        ? refuse(line, "must have the shell form without options")
        : { op: "run", command: line.rest }
    case "COPY":
      return readCopy(line)
    case "WORKDIR":
      return line.rest.startsWith("/") ? { op: "workdir", path: line.rest } : refuse(line, "must be an absolute path")
    case "ENV":
      return readEnv(line)
    case "USER":
      return readUser(line)
    default:
      return null
  }
}

/** The stages in their order; throws with the line that cannot be used. */
export const parseDockerfile = (text: string): ReadonlyArray<Stage> => {
  const stages: Array<{ base: string; name: string | null; steps: Step[]; meta: StageMeta }> = []
  for (const line of readLines(text)) {
    if (line.instruction === "FROM") {
      stages.push({ ...readFrom(line), steps: [], meta: EMPTY_META })
      continue
    }
    const stage = stages.at(-1)
    if (stage === undefined) return refuse(line, "stands before the first FROM")
    const step = readStep(line)
    if (step !== null) stage.steps.push(step)
    else stage.meta = readMeta(line, stage.meta)
  }
  if (stages.length === 0) throw new Error("Dockerfile: has no FROM")
  return stages
}
