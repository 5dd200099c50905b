/**
 * The stand-in for MediaLive held to AWS's own SDK: its client takes every answer, and its schema knows every field of
 * them, at that place and of that type. Faults that are planted are found.
 */
import {
  DescribeChannelCommand,
  DescribeChannelResponse$,
  ListAlertsCommand,
  ListAlertsResponse$,
  ListChannelsCommand,
  ListChannelsResponse$,
  MediaLiveClient,
  StartChannelCommand,
  StartChannelResponse$,
  StopChannelCommand,
  StopChannelResponse$,
  waitUntilChannelRunning,
} from "@aws-sdk/client-medialive"
import { NormalizedSchema } from "@smithy/core/schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FakeAws, KEYS } from "./aws/FakeAws.ts"

const fake = new FakeAws({ transitionMs: 50 })
let endpoint = ""
let client: MediaLiveClient
const clientWith = (credentials: typeof KEYS) =>
  new MediaLiveClient({ region: "eu-west-1", endpoint, credentials, maxAttempts: 1 })
beforeAll(async () => {
  const fec = { includeFec: "COLUMN_AND_ROW", columnDepth: 10, rowLength: 10 }
  fake.add({ fec, others: { spare: ["rtp://192.0.2.9:5000"] } })
  fake.add({ id: "1002", name: "Second", channelClass: "SINGLE_PIPELINE", urls: ["srt://192.0.2.1:8890"], srt: true })
  fake.channel("1001").alerts = [{ id: "1", alertType: "No input", pipelineId: "1", message: "nothing" }]
  endpoint = await fake.listen()
  client = clientWith(KEYS)
})
afterAll(() => {
  client.destroy()
  fake.close()
})

/** Where a value is not what the schema says, a line each. */
const faultsIn = (schema: NormalizedSchema, value: unknown, path = ""): ReadonlyArray<string> => {
  if (value === null || value === undefined) return []
  if (schema.isStructSchema()) {
    if (typeof value !== "object" || Array.isArray(value)) return [`${path}: no object`]
    const members = new Map(
      [...schema.structIterator()].map(([name, member]) => [member.getMergedTraits().jsonName ?? name, member]),
    )
    return Object.entries(value).flatMap(([name, one]) => {
      const member = members.get(name)
      return member === undefined ? [`${path}.${name}: unknown`] : faultsIn(member, one, `${path}.${name}`)
    })
  }
  if (schema.isListSchema())
    return Array.isArray(value)
      ? value.flatMap((one, n) => faultsIn(schema.getValueSchema(), one, `${path}[${n}]`))
      : [`${path}: no list`]
  if (schema.isMapSchema()) return []
  const wanted = schema.isTimestampSchema()
    ? "string"
    : schema.isStringSchema()
      ? "string"
      : schema.isNumericSchema()
        ? "number"
        : schema.isBooleanSchema()
          ? "boolean"
          : null
  return wanted === null || typeof value === wanted ? [] : [`${path}: ${typeof value}, not ${wanted}`]
}

/** An answer as it went over the wire. */
const wire = async (run: () => Promise<unknown>): Promise<unknown> => {
  const seen = fake.calls.length
  await run()
  expect(fake.calls.length).toBeGreaterThan(seen)
  return JSON.parse(fake.lastBody)
}

const OPERATIONS = [
  ["ListChannels", () => client.send(new ListChannelsCommand({ MaxResults: 1 })), ListChannelsResponse$],
  ["DescribeChannel", () => client.send(new DescribeChannelCommand({ ChannelId: "1001" })), DescribeChannelResponse$],
  [
    "DescribeChannel by SRT",
    () => client.send(new DescribeChannelCommand({ ChannelId: "1002" })),
    DescribeChannelResponse$,
  ],
  ["StartChannel", () => client.send(new StartChannelCommand({ ChannelId: "1001" })), StartChannelResponse$],
  ["ListAlerts", () => client.send(new ListAlertsCommand({ ChannelId: "1001" })), ListAlertsResponse$],
  ["StopChannel", () => client.send(new StopChannelCommand({ ChannelId: "1001" })), StopChannelResponse$],
] as const

describe("every answer", () => {
  it.each(OPERATIONS)("of %s is what the SDK's model says", async (name, run, schema) => {
    if (name === "ListAlerts")
      await waitUntilChannelRunning({ client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { ChannelId: "1001" })
    const body = await wire(run)
    expect(faultsIn(NormalizedSchema.of(schema), body)).toEqual([])
    expect(JSON.stringify(body).length).toBeGreaterThan(2)
    if (name === "ListAlerts") expect(body).toMatchObject({ alerts: [{ alertType: "No input", state: "SET" }] })
  })

  it("with planted faults is found out", async () => {
    const body = (await wire(() => client.send(new DescribeChannelCommand({ ChannelId: "1001" })))) as {
      state: unknown
      destinations: unknown
      encoderSettings: { outputGroups: Array<{ outputs: Array<{ outputSettings: Record<string, unknown> }> }> }
    }
    const settings = body.encoderSettings.outputGroups[0]?.outputs[0]?.outputSettings["udpOutputSettings"] as {
      containerSettings: { m2tsSettings: Record<string, unknown> }
      bufferMsec: unknown
    }
    settings.containerSettings.m2tsSettings["scte35control"] = "PASSTHROUGH"
    settings.bufferMsec = "1000"
    body.state = 5
    body.destinations = {}
    const at = ".encoderSettings.outputGroups[0].outputs[0].outputSettings.udpOutputSettings"
    expect([...faultsIn(NormalizedSchema.of(DescribeChannelResponse$), body)].sort()).toEqual(
      [
        `${at}.bufferMsec: string, not number`,
        `${at}.containerSettings.m2tsSettings.scte35control: unknown`,
        ".destinations: no list",
        ".state: number, not string",
      ].sort(),
    )
  })
})

describe("the SDK's client", () => {
  it("reads channels page by page, with their settings", async () => {
    const first = await client.send(new ListChannelsCommand({ MaxResults: 1 }))
    const second = await client.send(new ListChannelsCommand({ MaxResults: 1, NextToken: first.NextToken }))
    expect([first, second].flatMap(({ Channels }) => Channels?.map(({ Name }) => Name))).toEqual([
      "Main Event",
      "Second",
    ])
    expect(second.NextToken).toBeUndefined()
    const { EncoderSettings } = await client.send(new DescribeChannelCommand({ ChannelId: "1001" }))
    const output = EncoderSettings?.OutputGroups?.[0]?.Outputs?.[0]?.OutputSettings?.UdpOutputSettings
    expect(output?.ContainerSettings?.M2tsSettings?.Scte35Control).toBe("PASSTHROUGH")
    expect(output?.FecOutputSettings?.IncludeFec).toBe("COLUMN_AND_ROW")
  })

  it.each([
    ["a channel that there is not", 404, "NotFoundException", () => new DescribeChannelCommand({ ChannelId: "7" })],
    ["a stop of what is idle", 409, "ConflictException", () => new StopChannelCommand({ ChannelId: "1002" })],
  ] as const)("knows the error for %s", async (_name, status, name, command) => {
    const sent: Promise<unknown> = client.send(command() as DescribeChannelCommand)
    await expect(sent).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } })
  })

  it.each([
    [403, "ForbiddenException"],
    [429, "TooManyRequestsException"],
    [500, "InternalServerErrorException"],
    [504, "GatewayTimeoutException"],
  ] as const)("knows %i for what it is", async (status, type) => {
    fake.faults.set("medialive:ListChannels", [status, type])
    await expect(client.send(new ListChannelsCommand({}))).rejects.toMatchObject({
      name: type,
      $metadata: { httpStatusCode: status },
    })
    fake.faults.clear()
  })

  it("is refused with a wrong secret, and without any", async () => {
    const wrong = { ...KEYS, secretAccessKey: "wrong" }
    const other = clientWith(wrong)
    await expect(other.send(new ListChannelsCommand({}))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
    other.destroy()
    const plain = await fake.fetch("http://fake/prod/channels", { method: "GET" })
    expect([plain.status, plain.headers.get("x-amzn-errortype")]).toEqual([403, "InvalidSignatureException"])
  })
})
