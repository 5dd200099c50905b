import { describe, expect, it } from "vitest"
import { checkInput, type InputConfig, senderProblem } from "./check-input.ts"

const input = (over: Partial<InputConfig> = {}): InputConfig => ({
  rtp_ip: "127.0.0.1",
  rtp_port: 5000,
  backup_rtp_ip: null,
  backup_rtp_port: null,
  input_url: null,
  backup_input_url: null,
  input: {},
  ...over,
})
const twin = (ip: string, port: number, over: Partial<InputConfig> = {}) =>
  input({ backup_rtp_ip: ip, backup_rtp_port: port, ...over })
const group = { rtp_ip: "239.1.1.1" }
const say = (config: InputConfig) => checkInput(config).map(({ message, path }) => `${path}: ${message}`)

describe("checkInput", () => {
  it.each<[string, InputConfig]>([
    ["one unicast input", input()],
    ["two ports", twin("127.0.0.1", 5001)],
    ["two addresses on one port", twin("127.0.0.2", 5000)],
    ["two groups on one port", twin("239.1.1.2", 5000, group)],
    ["a group and a unicast address on one port", twin("127.0.0.1", 5000, group)],
    ["merge with a backup", twin("127.0.0.1", 5001, { input: { mode: "merge" } })],
    [
      "source filters of both groups",
      twin("232.1.1.2", 5000, { rtp_ip: "232.1.1.1", input: { source: "192.0.2.1", backup_source: "192.0.2.2" } }),
    ],
    [
      "a source filter that the unicast backup does not have",
      twin("127.0.0.1", 5000, { ...group, input: { source: "192.0.2.1" } }),
    ],
    ["a relay of the one source that is sent to one address", twin("239.1.1.2", 5000, { input: { relay_port: 6000 } })],
    ["FEC on the highest ports", input({ rtp_port: 65531, input: { fec: "auto" } })],
    ["FEC of two inputs that keep out of each other's way", twin("127.0.0.1", 5010, { input: { fec: "auto" } })],
    ["FEC ports that are the other's on another address", twin("127.0.0.2", 5002, { input: { fec: "auto" } })],
    ["ports two apart without FEC", twin("127.0.0.1", 5002)],
    ["an IPv6 address", input({ rtp_ip: "fd00::2" })],
    ["all of IPv6", input({ rtp_ip: "::" })],
    ["all of IPv4 and all of IPv6 on one port", twin("::", 5000, { rtp_ip: "0.0.0.0" })],
    ["a link-local address with its zone", input({ rtp_ip: "fe80::1%eth0" })],
    ["one link-local address on two interfaces", twin("fe80::1%eth1", 5000, { rtp_ip: "fe80::1%eth0" })],
    ["an IPv6 group", input({ rtp_ip: "ff15::1", input: { interface: "eth1" } })],
    ["an IPv6 group with a zone", input({ rtp_ip: "ff02::1%eth1" })],
    ["a zone and the same interface", input({ rtp_ip: "ff15::1%eth1", input: { interface: "eth1" } })],
    ["a source of an IPv6 group", input({ rtp_ip: "ff35::1", input: { source: "2001:db8::5" } })],
    [
      "a source for the primary's IPv4 that the backup's IPv6 does not have",
      twin("ff15::1", 5000, { ...group, input: { source: "192.0.2.1" } }),
    ],
    [
      "a zone of the backup instead of the primary's interface",
      twin("ff15::1%eth1", 5000, { ...group, input: { interface: "eth2" } }),
    ],
    ["senders of both", input({ input: { allowed_senders: ["10.0.0.0/8", "2001:db8::/32"] } })],
  ])("takes %s", (_, config) => expect(checkInput(config)).toEqual([]))

  it.each<[string, InputConfig, string]>([
    [
      "one endpoint twice",
      twin("127.0.0.1", 5000),
      "backup_rtp_port: primary and backup listen on the same port: both on 127.0.0.1:5000; give the backup a port of its own",
    ],
    [
      "one group twice",
      twin("239.1.1.1", 5000, group),
      "backup_rtp_port: primary and backup listen on the same port: both on 239.1.1.1:5000; give the backup a port of its own",
    ],
    [
      "every address for the primary",
      twin("127.0.0.1", 5000, { rtp_ip: "0.0.0.0" }),
      "backup_rtp_port: primary and backup listen on the same port: 0.0.0.0:5000 takes what is sent to 127.0.0.1 as well; give the backup a port of its own",
    ],
    [
      "every address for the backup",
      twin("0.0.0.0", 5000, group),
      "backup_rtp_port: primary and backup listen on the same port: 0.0.0.0:5000 takes what is sent to 239.1.1.1 as well; give the backup a port of its own",
    ],
    [
      "half a backup",
      input({ backup_rtp_ip: "127.0.0.1" }),
      "backup_rtp_port: is needed with backup_rtp_ip: give both or neither",
    ],
    [
      "the other half",
      input({ backup_rtp_port: 5001 }),
      "backup_rtp_ip: is needed with backup_rtp_port: give both or neither",
    ],
    [
      "merge of one input",
      input({ input: { mode: "merge" } }),
      'input.mode: "merge" needs a backup input: give backup_rtp_ip and backup_rtp_port, or backup_input_url, or take "auto"',
    ],
    [
      "settings of no backup",
      input({ input: { backup_interface: "eth1" } }),
      "input.backup_interface: needs a backup input: give backup_rtp_ip and backup_rtp_port, or backup_input_url",
    ],
    [
      "a source without a group",
      input({ input: { source: "192.0.2.1" } }),
      "input.source: needs a multicast group in rtp_ip",
    ],
    [
      "a backup source without a group",
      twin("127.0.0.1", 5001, { ...group, input: { backup_source: "192.0.2.1" } }),
      "input.backup_source: needs a multicast group in backup_rtp_ip",
    ],
    [
      "a group as source",
      input({ ...group, input: { source: "239.1.1.1" } }),
      "input.source: must be the sender's own address, not 239.1.1.1",
    ],
    [
      "a name as source",
      input({ ...group, input: { source: "encoder" } }),
      'input.source: must be an IP address such as 0.0.0.0, 239.1.1.1, :: or ff15::1, not "encoder"',
    ],
    [
      "all of IPv6 for the primary",
      twin("fd00::2", 5000, { rtp_ip: "::" }),
      "backup_rtp_port: primary and backup listen on the same port: [::]:5000 takes what is sent to fd00::2 as well; give the backup a port of its own",
    ],
    [
      "a link-local address without a zone",
      input({ rtp_ip: "fe80::1" }),
      "rtp_ip: is an address on each interface: write which one, as in fe80::1%eth0",
    ],
    [
      "a link-local group without a zone",
      input({ rtp_ip: "ff02::7", input: { interface: "eth3" } }),
      "rtp_ip: is an address on each interface: write which one, as in ff02::7%eth3",
    ],
    [
      "a zone where there is none",
      input({ rtp_ip: "fd00::2%eth0" }),
      "rtp_ip: is wrong: only link-local addresses (fe80::/10) and multicast groups have a zone: leave %eth0 out",
    ],
    [
      "a zone and another interface",
      input({ rtp_ip: "ff15::1%eth1", input: { interface: "eth2" } }),
      "input.interface: names eth2, but the zone of ff15::1%eth1 names eth1: leave one of them out",
    ],
    [
      "a zone of the backup and another interface",
      twin("ff15::1%eth1", 5000, { ...group, input: { backup_interface: "eth2" } }),
      "input.backup_interface: names eth2, but the zone of ff15::1%eth1 names eth1: leave one of them out",
    ],
    [
      "IPv4 as IPv6",
      input({ rtp_ip: "::ffff:127.0.0.1" }),
      'rtp_ip: must be written as the IPv4 address that it stands for, not "::ffff:127.0.0.1"',
    ],
    [
      "brackets",
      input({ rtp_ip: "[::1]" }),
      'rtp_ip: must be an IP address such as 0.0.0.0, 239.1.1.1, :: or ff15::1, not "[::1]"',
    ],
    [
      "a source of the other IP version",
      input({ rtp_ip: "ff15::1", input: { source: "192.0.2.1" } }),
      "input.source: is not of the same IP version as the group ff15::1",
    ],
    [
      "FEC above the last port",
      input({ rtp_port: 65532, input: { fec: "auto" } }),
      'rtp_port: must be 65531 at most with input.fec "auto": FEC arrives on the ports + 2 and + 4',
    ],
    [
      "FEC above the last port, of the backup",
      twin("127.0.0.1", 65535, { input: { fec: "auto" } }),
      'backup_rtp_port: must be 65531 at most with input.fec "auto": FEC arrives on the ports + 2 and + 4',
    ],
    [
      "column FEC on the backup's port",
      twin("127.0.0.1", 5002, { input: { fec: "auto" } }),
      'input.fec: "auto" receives the column FEC of the primary on port 5002, which is the backup\'s own port (rtp_port 5000 + 2): move one of them, or set fec to "off"',
    ],
    [
      "row FEC of the backup on the primary's port",
      twin("0.0.0.0", 4996, { input: { fec: "auto" } }),
      'input.fec: "auto" receives the row FEC of the backup on port 5000, which is the primary\'s own port (backup_rtp_port 4996 + 4): move one of them, or set fec to "off"',
    ],
    [
      "a sender that is a name",
      input({ input: { allowed_senders: ["10.0.0.0/8", "encoder"] } }),
      'input.allowed_senders[1]: must be an IP address such as 192.0.2.7 or a network such as 10.0.0.0/8 or 2001:db8::/32, not "encoder"',
    ],
  ])("refuses %s", (_, config, sentence) => expect(say(config)).toEqual([sentence]))
})

describe("senderProblem", () => {
  it.each(["192.0.2.7", "10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "10.1.2.3/8", "::1", "2001:db8::/32", "::/0"])(
    "takes %s",
    (entry) => expect(senderProblem(entry)).toBeNull(),
  )
  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "::1/129",
    "fe80::1%eth0",
    "10.0.0.0/-1",
    "10.0.0.1 ",
    "/8",
  ])("refuses %j", (entry) => expect(senderProblem(entry)).toContain("must be an IP address such as"))
  it("refuses a group: packets come from a sender", () =>
    expect(senderProblem("239.1.1.1")).toContain("multicast group 239.1.1.1"))
  it("refuses a group of IPv6", () => expect(senderProblem("ff15::1")).toContain("multicast group ff15::1"))
})

it("relays nothing that reaches both nodes by itself", () => {
  const problem =
    "input.relay_port: needs a source that is sent to one address by RTP or UDP: leave it out, for SRT and multicast are not passed on"
  expect(say(input({ ...group, input: { relay_port: 6000 } }))).toEqual([problem])
  expect(say(input({ input_url: "srt://192.0.2.1:9000", input: { relay_port: 6000 } }))).toEqual([problem])
  expect(say(input({ ...group, input: {} }))).toEqual([])
})
