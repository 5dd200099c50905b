/** `hls://`, `http(s)://` and `s3://` URLs: where HLS segments and playlists go. */
import { zoneOf } from "../../net/address.ts"
import { bad, good, type Read, readHost, readPort } from "../../url/endpoint.ts"
import { percentDecode, splitUrl, type UrlParts } from "../../url/url-text.ts"
import { shown } from "../../url/values.ts"
import { unusedParts } from "./file-url.ts"
import { placeOf, readPlainNames } from "./plain-names.ts"
import { type HlsTarget, type ParsedOutput, refuse } from "./target.ts"

/** Name of the playlist where the URL does not say it. */
export const PLAYLIST = "index.m3u8"

const accept = (
  target: HlsTarget,
  options: Readonly<Record<string, string | number | boolean>>,
  ignored: ReadonlyArray<string>,
  warnings: ReadonlyArray<string>,
): ParsedOutput => ({ ok: true, target, options, ignored, warnings })

const parseDirectory = (url: string): ParsedOutput => {
  const { ignored, warnings } = unusedParts(url)
  let place = placeOf(url)
  if (place.endsWith(`/${PLAYLIST}`)) {
    place = place.slice(0, -PLAYLIST.length - 1)
    warnings.push(`hls:// names a directory: the playlist in it is ${PLAYLIST}`)
  } else if (/\.m3u8$/i.test(place))
    return refuse(`hls:// names a directory, in which the playlist is ${PLAYLIST}: leave the file name out`)
  const path = readPlainNames(place, "hls")
  return path.ok
    ? accept(
        { protocol: "hls", kind: "directory", path: path.value },
        { kind: "directory", path: path.value },
        ignored,
        warnings,
      )
    : refuse(path.message)
}

/** Names of buckets as AWS and the servers that follow it take them. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const PREFIX_MAX = 512

const readPrefix = (text: string): Read<string> => {
  const prefix = percentDecode(text)
  if (prefix === null) return bad("the prefix behind the bucket is not valid UTF-8")
  const names = prefix.replace(/^\/|\/$/g, "").split("/")
  if (names.length === 1 && names[0] === "") return good("")
  if (names.some((name) => name === "" || name === "." || name === ".."))
    return bad("the prefix behind the bucket must not hold empty names, . or ..")
  if (/[\u0000-\u001f\u007f]/.test(prefix)) return bad("the prefix behind the bucket must not hold control characters")
  const joined = names.join("/")
  return joined.length > PREFIX_MAX
    ? bad(`the prefix behind the bucket must be at most ${PREFIX_MAX} characters long`)
    : good(joined)
}

const parseS3 = (url: string, parts: UrlParts): ParsedOutput => {
  if (parts.userinfo !== null)
    return refuse("keys do not belong in a s3:// URL: use s3_access_key_id and s3_secret_access_key of the settings")
  const bucket = parts.port === null ? parts.host : `${parts.host}:${parts.port}`
  if (bucket === "") return refuse("the bucket is missing: write s3://BUCKET/PREFIX")
  if (!BUCKET.test(bucket) || bucket.includes(".."))
    return refuse(
      `${shown(bucket)} is not the name of a bucket: 3 to 63 lower-case letters, digits, - and .; a server goes into s3_endpoint`,
    )
  const prefix = readPrefix(parts.path)
  if (!prefix.ok) return refuse(prefix.message)
  const { ignored, warnings } = unusedParts(url)
  if (prefix.value === "") warnings.push("without a prefix the playlist and its segments lie at the top of the bucket")
  for (const key of ignored)
    if (/^(?:region|endpoint)/.test(key))
      warnings.push(`${key} in the URL has no effect: use s3_${key} of the settings`)
  return accept(
    { protocol: "hls", kind: "s3", bucket, prefix: prefix.value },
    { kind: "s3", bucket, prefix: prefix.value, playlist: PLAYLIST },
    ignored,
    warnings,
  )
}

const PLAYLIST_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\.m3u8$/i
/**
 * A last key of the query behind which the name of each file is put: YouTube's upload URL, with or without a name
 * there.
 */
const FILE_KEY = /^([\s\S]*[?&]file=)([^&]*)$/i

interface Place {
  readonly base: string
  readonly playlist: string
  readonly query: string
}

const readPlace = (url: string): Read<Place> => {
  const [, base = "", name = ""] = FILE_KEY.exec(url) ?? []
  if (base !== "") {
    if (name !== "" && !PLAYLIST_NAME.test(name))
      return bad("behind file= there must be nothing, or the name of the playlist, as index.m3u8")
    return good({ base, playlist: name === "" ? PLAYLIST : name, query: "" })
  }
  const [, path = "", query = ""] = /^([^?]*)(\?[\s\S]*)?$/.exec(url) ?? []
  const slash = path.lastIndexOf("/")
  const playlist = path.slice(slash + 1)
  if (!PLAYLIST_NAME.test(playlist)) {
    return bad(
      "the URL must end in the name of the playlist, as in https://HOST/PATH/index.m3u8, or in file= for upload URLs like YouTube's",
    )
  }
  return good({ base: path.slice(0, slash + 1), playlist, query })
}

const parseHttp = (url: string, parts: UrlParts): ParsedOutput => {
  const warnings: string[] = []
  const errors: string[] = []
  const host = parts.host === "" ? bad("the host is missing: write https://HOST/PATH/index.m3u8") : readHost(parts.host)
  if (!host.ok) errors.push(host.message)
  // The URL standard of browsers and Node has no zones.
  else if (zoneOf(host.value) !== null)
    errors.push(
      "an address with a zone (%...) is not possible in http:// and https:// URLs: give the server another address or a name",
    )
  const port = parts.port === null ? null : readPort(parts.port)
  if (port?.ok === false) errors.push(port.message)
  if (url.includes("***")) errors.push("the URL holds *** in place of a secret: write the secret itself")
  if (parts.userinfo !== null && (percentDecode(parts.userinfo) === null || !parts.userinfo.includes(":")))
    errors.push("before @ there must be USER:PASSWORD, percent-encoded")
  if (parts.fragment !== null || url.includes("#")) errors.push("the URL must not hold #: in a value write %23")
  const place = readPlace(url)
  if (!place.ok) errors.push(place.message)
  if (!host.ok || !place.ok || errors.length > 0) return refuse(...errors)
  const youtube = /(?:^|\.)youtube\.com$/.test(host.value)
  if (youtube && parts.scheme === "http") return refuse("YouTube takes uploads over https:// only")
  if (parts.scheme === "http")
    warnings.push("http:// sends the stream, and any key in the URL, unencrypted: prefer https://")
  if (youtube && place.value.base.includes("?") && !/[?&]cid=[^&]+/i.test(url))
    warnings.push("the URL has no cid=STREAM_KEY: YouTube will not know the stream")
  return accept(
    { protocol: "hls", kind: "http", ...place.value },
    {
      kind: "http",
      host: host.value,
      port: port?.ok === true ? port.value : parts.scheme === "http" ? 80 : 443,
      playlist: place.value.playlist,
    },
    [],
    warnings,
  )
}

/** Reads a URL of the schemes `hls`, `http`, `https` or `s3`. */
export const parseHlsUrl = (url: string): ParsedOutput => {
  const parts = splitUrl(url)
  if (parts === null)
    return refuse("the URL must have the form hls://NAME, https://HOST/PATH/index.m3u8 or s3://BUCKET/PREFIX")
  if (parts.scheme === "hls") return parseDirectory(url)
  return parts.scheme === "s3" ? parseS3(url, parts) : parseHttp(url, parts)
}
