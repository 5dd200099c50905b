/**
 * The URL in what somebody pasted from a mail, a chat or a terminal: without the quotes or angle brackets around it, and
 * out of the command line it stands in. For forms only: the API takes URLs as they are.
 */
import { protocolOfUrl, type UrlProtocol } from "./output-url.ts"

/** Pairs that people and mail programs put around a URL. */
const PAIRS: ReadonlyArray<readonly [string, string]> = [
  ['"', '"'],
  ["'", "'"],
  ["`", "`"],
  ["<", ">"],
  ["“", "”"],
  ["‘", "’"],
  ["«", "»"],
]
/** What is not seen, and comes along from web pages and word processors. */
const UNSEEN = /[\u200b-\u200d\u2060\ufeff]/g

const unwrap = (text: string): string => {
  const bare = text.trim().replace(/(?<=["'`>”’»])[,;.]+$/, "")
  const pair = PAIRS.find(([open, close]) => bare.length > 1 && bare.startsWith(open) && bare.endsWith(close))
  return pair === undefined ? bare : unwrap(bare.slice(1, -1))
}

/** Words as a POSIX shell cuts them (IEEE Std 1003.1, 2.2): quotes are taken off, and a line may be continued. */
const shellWords = (text: string): ReadonlyArray<string> => {
  const words = text.replace(/\\\r?\n/g, " ").match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? []
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double?: string, single?: string, one?: string) =>
      double !== undefined ? double.replace(/\\(["\\$`])/g, "$1") : (single ?? one ?? ""),
    ),
  )
}

/** Options by which ffmpeg is given what belongs into the query of an SRT URL, with the names they have there. */
const FFMPEG_OPTIONS: Readonly<Record<string, string>> = {
  "-passphrase": "passphrase",
  "-pbkeylen": "pbkeylen",
  "-streamid": "streamid",
  "-srt_streamid": "streamid",
}

const withOptions = (url: string, words: ReadonlyArray<string>): string => {
  if (protocolOfUrl(url) !== "srt") return url
  const query = url.split("?")[1] ?? ""
  const given = new Set(query.split("&").map((one) => one.split("=")[0]))
  const added = words.flatMap((word, i) => {
    const [name, value] = [FFMPEG_OPTIONS[word], words[i + 1]]
    return name === undefined || value === undefined || given.has(name) ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  return added.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${added.join("&")}`
}

/** `uri=srt://...`, as gst-launch-1.0 has it, without the property's name. */
const withoutProperty = (word: string): string => unwrap(word.replace(/^(?:uri|location)=/, ""))

/**
 * The URL that is meant. Of several in a command line it is the last that nothing is read from (`-i`); where all are
 * read from, as by ffplay, the last. Text in which there is no URL of ours is returned without what is around it.
 */
export const pastedUrl = (text: string): string => {
  const bare = unwrap(text.replace(UNSEEN, "").replaceAll("\u00a0", " "))
  if (!/\s/.test(bare)) return bare
  const words = shellWords(bare).map(withoutProperty)
  const isUrl = (word: string) => protocolOfUrl(word) !== null
  const url = words.findLast((word, i) => isUrl(word) && words[i - 1] !== "-i") ?? words.findLast(isUrl)
  return url === undefined ? bare : withOptions(url, words)
}

/** `HOST:PORT`, the host in brackets where it is IPv6, with whatever path and query follow. */
const HOST_PORT = /^(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[\w.-]+)?:\d{1,5}(?:[/?].*)?$/i

/** A URL of `protocol` where only `HOST:PORT` was typed; anything else as it is. */
export const withScheme = (text: string, protocol: UrlProtocol): string =>
  HOST_PORT.test(text) && !text.includes("://") ? `${protocol === "hls" ? "https" : protocol}://${text}` : text
