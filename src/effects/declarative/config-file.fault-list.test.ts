/** Configuration files as editors, copies and full disks leave them. */
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { parseConfigFile } from "./config-file.ts"

const SECRET = "planted-secret-0123"
const JSON_TEXT = JSON.stringify(
  {
    version: 1,
    channels: [
      {
        slug: "news",
        name: "Néws",
        rtp_port: 5000,
        outputs: [{ slug: "cdn", url: `srt://192.0.2.1:9000?passphrase=${SECRET}` }],
      },
      { slug: "sport", name: "Sport", rtp_port: 5002 },
    ],
  },
  null,
  2,
)
const YAML_TEXT = `version: 1
channels:
  - slug: news
    name: Néws
    rtp_port: 5000
    outputs:
      - { slug: cdn, url: "srt://192.0.2.1:9000?passphrase=${SECRET}" }
  - slug: sport
    name: Sport
    rtp_port: 5002
`

const read = (text: string) =>
  Effect.runPromise(Effect.either(parseConfigFile({ path: "/etc/channels.yaml", sha256: "", text })))
const reasonOf = async (text: string): Promise<string> =>
  Either.match(await read(text), {
    onLeft: ({ reason }) => reason,
    onRight: (document) => `taken: ${document.channels.length} channels`,
  })

describe("a configuration file", () => {
  it.each([
    ["JSON", JSON_TEXT],
    ["YAML", YAML_TEXT],
    ["with CRLF", YAML_TEXT.replaceAll("\n", "\r\n")],
    ["with a byte order mark", `\ufeff${YAML_TEXT}`],
    ["with a byte order mark and CRLF, as JSON", `\ufeff${JSON_TEXT.replaceAll("\n", "\r\n")}`],
  ])("row 39: %s is read", async (_, text) => {
    expect(await reasonOf(text)).toBe("taken: 2 channels")
  })

  it.each<[string, string, RegExp]>([
    ["empty", "", /document: must be an object/],
    ["white space only", " \n\n", /document: must be an object/],
    ["{}", "{}", /version: |channels: /],
    ["a list", "[]", /document: must be an object/],
    ["no channels", "version: 1\n", /channels: /],
    ["channels that are nothing", "version: 1\nchannels:\n", /channels: /],
    ["of a version to come", YAML_TEXT.replace("version: 1", "version: 2"), /version: /],
    ["of no version", YAML_TEXT.replace("version: 1\n", ""), /version: /],
    [
      "with a field that there is not",
      YAML_TEXT.replace("rtp_port: 5002", "rtp_port: 5002\n    colour: red"),
      /channels\[1\]\.colour: /,
    ],
    ["filled with NUL", "\0".repeat(4096), /document: /],
    ["half filled with NUL", `${YAML_TEXT.slice(0, 60)}${"\0".repeat(100)}`, /: /],
    ["with a tab for indentation", YAML_TEXT.replace("    name", "\tname"), /line \d/],
  ])("row 39: %s is refused with its place", async (_, text, reason) => {
    const answer = await reasonOf(text)
    expect(answer).toMatch(/^DISTRIBUTOR_CONFIG: \/etc\/channels\.yaml: /)
    expect(answer).toMatch(reason)
    expect(answer).not.toContain(SECRET)
  })

  it("row 39: cut off anywhere is refused, or gives the channels that are whole; never none, and never a secret in the answer", async () => {
    for (let length = 0; length < JSON_TEXT.length; length++) {
      expect([length, await reasonOf(JSON_TEXT.slice(0, length))]).toEqual([
        length,
        expect.stringMatching(/^DISTRIBUTOR_CONFIG: /),
      ])
    }
    for (let length = 0; length < YAML_TEXT.length; length++) {
      const answer = await reasonOf(YAML_TEXT.slice(0, length))
      expect([length, answer]).toEqual([length, expect.stringMatching(/^DISTRIBUTOR_CONFIG: |^taken: [12] channels$/)])
      expect(answer).not.toContain(SECRET)
    }
  })
})
