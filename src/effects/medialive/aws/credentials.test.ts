import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FakeAws, KEYS } from "../../../../test/aws/FakeAws.ts"
import { makeAwsApi } from "./AwsApi.ts"
import { findCredentials } from "./credentials.ts"
import { type Environment, endpointFor } from "./endpoints.ts"
import { ask, type Fetch } from "./http.ts"
import { makePacer } from "./pacer.ts"

const json = (id: string) =>
  JSON.stringify({ AccessKeyId: id, SecretAccessKey: "s", Token: "t", Expiration: "2030-01-01T00:00:00Z" })

/** Answers by `METHOD url`; anything else is not to be reached. */
const serving =
  (answers: Readonly<Record<string, string>>, seen: Array<string> = []): Fetch =>
  async (url, init) => {
    const headers = new Headers(init.headers as Record<string, string>)
    seen.push(
      `${init.method} ${url} ${headers.get("x-aws-ec2-metadata-token") ?? headers.get("authorization") ?? ""}`.trim(),
    )
    const body = answers[`${init.method} ${url}`]
    if (body === undefined) throw new Error("connect ECONNREFUSED")
    return new Response(body, { status: 200 })
  }

const IMDS = "http://169.254.169.254/latest"
const ROLE = `GET ${IMDS}/meta-data/iam/security-credentials/`
const MACHINE = { [`PUT ${IMDS}/api/token`]: "TOKEN", [ROLE]: "distributor", [`${ROLE}distributor`]: json("MACHINE") }
const STORED = { accessKeyId: "STORED", secretAccessKey: "s" }

const found = (
  environment: Environment,
  answers: Readonly<Record<string, string>>,
  stored: typeof STORED | null = STORED,
  seen: Array<string> = [],
) =>
  findCredentials({
    environment,
    fetch: serving(answers, seen),
    stored,
    webIdentity: (role, token) =>
      Effect.succeed({
        accessKeyId: `${role}+${token}`,
        secretAccessKey: "s",
        sessionToken: null,
        expiresAt: null,
        from: "",
      }),
  })

describe("keys", () => {
  const directory = mkdtempSync(join(tmpdir(), "distributor-keys-"))
  const file = join(directory, "token")
  writeFileSync(file, "identity\n")
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
  const relative = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x" }
  const container = { "GET http://169.254.170.2/v2/x": json("CONTAINER") }
  const env = { AWS_ACCESS_KEY_ID: "ENVIRONMENT", AWS_SECRET_ACCESS_KEY: "s" }
  it.effect.each([
    [env, { ...container, ...MACHINE }, "ENVIRONMENT"],
    [{ AWS_ACCESS_KEY_ID: "half" }, MACHINE, "MACHINE"],
    [{ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: "role" }, MACHINE, "role+identity"],
    [relative, { ...container, ...MACHINE }, "CONTAINER"],
    [{}, MACHINE, "MACHINE"],
    [{ AWS_EC2_METADATA_DISABLED: "true" }, MACHINE, "STORED"],
    [{}, {}, "STORED"],
  ] as const)("of %j are %s's", ([environment, answers, id]) =>
    Effect.map(found(environment, answers), ({ accessKeyId }) => assert.strictEqual(accessKeyId, id)),
  )

  it.effect("of the machine are asked for with a token (IMDSv2), and tell when they end", () =>
    Effect.gen(function* () {
      const seen: string[] = []
      const { expiresAt, from } = yield* found({}, MACHINE, null, seen)
      assert.deepStrictEqual(seen, [`PUT ${IMDS}/api/token`, `${ROLE} TOKEN`, `${ROLE}distributor TOKEN`])
      assert.deepStrictEqual(
        [expiresAt, from],
        [Date.parse("2030-01-01T00:00:00Z"), "the role distributor of the machine"],
      )
    }),
  )

  it.effect("that are nowhere, or asked for at a stranger's, are a failure that says what to do", () =>
    Effect.gen(function* () {
      const none = yield* Effect.flip(found({}, {}, null))
      assert.deepStrictEqual([none.code, none.reason.includes("Settings, MediaLive")], ["no_credentials", true])
      const stranger = yield* Effect.flip(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://192.0.2.1/x" }, {}))
      assert.strictEqual(stranger.code, "no_credentials")
    }),
  )

  it.effect("are exchanged for those of a role, which the requests are then signed with", () =>
    Effect.gen(function* () {
      const aws = new FakeAws()
      aws.add()
      const environment = { AWS_ENDPOINT_URL: "http://aws.test", AWS_EC2_METADATA_DISABLED: "true" }
      const connection = { region: "eu-west-1", roleArn: "arn:aws:iam::123456789012:role/d", stored: KEYS }
      const api = makeAwsApi(connection, { environment, fetch: aws.fetch, pacer: yield* makePacer })
      assert.strictEqual((yield* api.channels).length, 1)
      assert.deepStrictEqual(
        aws.calls.map(({ action }) => action),
        ["sts:AssumeRole", "medialive:ListChannels"],
      )
      assert.include(api.signedInBy() ?? "", "role/d")
    }),
  )
})

describe("requests", () => {
  it.live("that are not answered end in time, and say so", () =>
    Effect.gen(function* () {
      const aws = new FakeAws()
      aws.silent.add("*")
      const request = { method: "GET", url: "http://aws.test/prod/channels" } as const
      const failed = yield* Effect.flip(ask(aws.fetch, "medialive:ListChannels", request, 30))
      assert.deepStrictEqual([failed.code, failed.reason], ["timeout", "aws.test did not answer within 0.03 s"])
    }),
  )

  it.effect("repeat no key that AWS quotes", () =>
    Effect.gen(function* () {
      const quoting: Fetch = async () =>
        new Response(JSON.stringify({ message: `bad ${KEYS.secretAccessKey} of ${KEYS.accessKeyId}` }), { status: 400 })
      const deps = { environment: { AWS_EC2_METADATA_DISABLED: "true" }, fetch: quoting, pacer: yield* makePacer }
      const api = makeAwsApi({ region: "eu-west-1", roleArn: null, stored: KEYS }, deps)
      const { message } = yield* Effect.flip(api.channels)
      assert.notInclude(message, KEYS.secretAccessKey)
      assert.notInclude(message, KEYS.accessKeyId)
    }),
  )

  it("go where AWS_ENDPOINT_URL and its siblings say", () => {
    const url = (service: "medialive" | "cloudwatch" | "pricing", region: string, environment: Environment = {}) =>
      endpointFor(service, region, environment).url
    assert.strictEqual(url("medialive", "eu-west-1"), "https://medialive.eu-west-1.amazonaws.com")
    assert.strictEqual(url("cloudwatch", "cn-north-1"), "https://monitoring.cn-north-1.amazonaws.com.cn")
    assert.strictEqual(url("pricing", "eu-west-1"), "https://api.pricing.us-east-1.amazonaws.com")
    const both = { AWS_ENDPOINT_URL: "http://all/", AWS_ENDPOINT_URL_MEDIALIVE: "http://one" }
    assert.deepStrictEqual([url("medialive", "r", both), url("pricing", "r", both)], ["http://one", "http://all"])
  })
})
