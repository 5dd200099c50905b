/**
 * The stand-in for AWS before Debian's `aws` of the command line, which has AWS's own models of 2022: it takes every
 * answer and knows every refusal. One start of Python carries out all commands, as `aws` itself would each of them.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FakeAws, KEYS } from "./aws/FakeAws.ts"

const AWS = "/usr/bin/aws"
/** Debian's `aws` is a script of this interpreter, which has its modules. */
const PYTHON = "/usr/bin/python3"

const missing = [AWS, PYTHON].filter((path) => !existsSync(path))

const CARRY_OUT = `
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
driver = create_clidriver()
done = []
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(command)
        except SystemExit as end:
            code = end.code
    done.append([code, out.getvalue(), err.getvalue().strip()])
print(json.dumps(done))
`

type Done = readonly [code: number, out: string, problem: string]

/** Each request comes a second after the one before: a state is on its way in one answer, and reached in the next. */
let requests = () => 0
const fake = new FakeAws({ transitionMs: 500, now: () => Date.now() + requests() * 1000 })
requests = () => fake.calls.length
let endpoint = ""
beforeAll(async () => {
  fake.add({ fec: { includeFec: "COLUMN_AND_ROW", columnDepth: 10, rowLength: 10 } })
  fake.add({ id: "1002", name: "Second", channelClass: "SINGLE_PIPELINE", urls: ["rtp://192.0.2.7:5000"] })
  endpoint = await fake.listen()
})
afterAll(() => fake.close())

const SETTINGS = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  AWS_DEFAULT_REGION: "eu-west-1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_MAX_ATTEMPTS: "1",
  AWS_PAGER: "",
}

const carryOut = async (commands: ReadonlyArray<ReadonlyArray<string>>): Promise<ReadonlyArray<Done>> => {
  const all = commands.map((command) => ["--endpoint-url", endpoint, "--output", "json", ...command])
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", CARRY_OUT, JSON.stringify(all)], {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...SETTINGS },
    timeout: 60_000,
  })
  return JSON.parse(stdout) as ReadonlyArray<Done>
}

/** A figure of a pipeline, asked for as this service does it. */
const query = (id: string, pipeline: string) => ({
  Id: id,
  MetricStat: {
    Metric: {
      Namespace: "AWS/MediaLive",
      MetricName: "InputVideoFrameRate",
      Dimensions: [
        { Name: "ChannelId", Value: "1001" },
        { Name: "Pipeline", Value: pipeline },
      ],
    },
    Period: 60,
    Stat: "Average",
  },
})

const now = Date.now()
const METRICS = [
  ...["cloudwatch", "get-metric-data"],
  ...["--start-time", new Date(now - 600_000).toISOString(), "--end-time", new Date(now).toISOString()],
  ...["--metric-data-queries", JSON.stringify([query("q0", "0"), query("q1", "1")])],
]
const media = (verb: string, ...more: ReadonlyArray<string>) => ["medialive", verb, ...more]
const one = (verb: string, ...more: ReadonlyArray<string>) => media(verb, "--channel-id", "1001", ...more)

/** Each command with what it prints, or with the refusal that it names. */
const CASES: ReadonlyArray<readonly [command: ReadonlyArray<string>, answer: unknown]> = [
  [
    media("list-channels", "--page-size", "1", "--query", "Channels[].[Id, State]"),
    [
      ["1001", "IDLE"],
      ["1002", "IDLE"],
    ],
  ],
  [
    one("describe-channel", "--query", "[Name, Destinations[0].Settings[].Url, InputSpecification.Codec]"),
    ["Main Event", ["rtp://198.51.100.5:5000", "rtp://198.51.100.5:5010"], "AVC"],
  ],
  [
    one(
      "describe-channel",
      ...["--query", "EncoderSettings.OutputGroups[0].Outputs[0].OutputSettings.UdpOutputSettings.FecOutputSettings"],
    ),
    { ColumnDepth: 10, IncludeFec: "COLUMN_AND_ROW", RowLength: 10 },
  ],
  [
    one("stop-channel"),
    /^An error occurred \(ConflictException\) .*StopChannel.*Channel 1001 is IDLE, and not RUNNING$/,
  ],
  [one("start-channel", "--query", "State"), "STARTING"],
  [["medialive", "wait", "channel-running", "--channel-id", "1001"], null],
  [one("start-channel"), /\(ConflictException\).*StartChannel.*Channel 1001 is RUNNING/],
  [one("describe-channel", "--query", "[State, PipelineDetails[].PipelineId]"), ["RUNNING", ["0", "1"]]],
  [
    [...METRICS, "--query", "MetricDataResults[].[Id, StatusCode, Values[0]]"],
    [
      ["q0", "Complete", 25],
      ["q1", "Complete", 25],
    ],
  ],
  [one("stop-channel", "--query", "State"), "STOPPING"],
  [one("describe-channel", "--query", "State"), "IDLE"],
  [
    [
      "pricing",
      "get-products",
      "--service-code",
      "AWSElementalMediaLive",
      "--page-size",
      "1",
      "--query",
      "length(PriceList)",
    ],
    2,
  ],
  [
    [
      ...["sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/media", "--role-session-name", "test"],
      ...["--query", "[AssumedRoleUser.Arn, Credentials.SessionToken]"],
    ],
    ["arn:aws:iam::123456789012:role/media", "token"],
  ],
  [media("describe-channel", "--channel-id", "7"), /\(NotFoundException\) .*DescribeChannel.*Channel 7 was not found/],
]

/** Faults, each with a command that meets it and what the command says. */
const FAULTS: ReadonlyArray<readonly [action: string, fault: readonly [number, string], ReadonlyArray<string>]> = [
  ["medialive:ListChannels", [429, "TooManyRequestsException"], media("list-channels")],
  ["medialive:StopChannel", [403, "AccessDeniedException"], one("stop-channel")],
  ["cloudwatch:GetMetricData", [403, "AccessDenied"], METRICS],
  ["pricing:GetProducts", [400, "AccessDeniedException"], ["pricing", "get-products", "--service-code", "x"]],
  ["medialive:StartChannel", [500, "InternalServerErrorException"], one("start-channel")],
]

describe.skipIf(missing.length > 0)(
  `Debian's aws${missing.length > 0 ? ` (skipped: there is no ${missing.join(" and no ")}; apt-get install awscli)` : ""}`,
  () => {
    it("takes every answer of the stand-in, one after the other: a channel is started and stopped", async () => {
      const done = await carryOut(CASES.map(([command]) => command))
      for (const [n, [command, answer]] of CASES.entries()) {
        const [code, out, problem] = done[n] ?? [-1, "", "nothing came of it"]
        if (answer instanceof RegExp)
          expect([command, code, problem]).toEqual([command, 254, expect.stringMatching(answer)])
        else expect([command, code, problem, out === "" ? null : JSON.parse(out)]).toEqual([command, 0, "", answer])
      }
      expect([fake.count("medialive:StopChannel"), fake.channel("1001").state]).toEqual([2, "IDLE"])
    })

    it("knows each fault by its name", async () => {
      for (const [action, fault] of FAULTS) fake.faults.set(action, fault)
      const done = await carryOut(FAULTS.map(([, , command]) => command))
      for (const [n, [action, [, type]]] of FAULTS.entries())
        expect([action, done[n]?.[0], done[n]?.[2]]).toEqual([action, 254, expect.stringContaining(`(${type})`)])
    })
  },
)
