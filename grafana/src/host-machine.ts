/** Panels about the machine, from node-exporter. */
import { graph } from "./panels.ts"
import { increase, ofHost, rate } from "./query.ts"

const third = { width: 8, height: 8 } as const
const half = { width: 12, height: 8 } as const
const HOST = "{{instance}}"
/** Matcher for network devices, without those of containers, which come and go. */
const DEVICES = 'device!~"veth.*|docker.*|br-.*|cali.*"'
const DISKS = 'device!~"loop.*|ram.*|sr.*"'
const FILES = 'fstype!~"tmpfs|overlay|squashfs|ramfs"'
const perSecond = (kinds: Readonly<Record<string, string>>, ...matchers: ReadonlyArray<string>) =>
  Object.entries(kinds).map(([legend, name]) => ({
    expr: rate(ofHost(`node_${name}_total`, ...matchers)),
    legend: `${HOST} ${legend}`,
  }))

const load = [
  graph({
    ...third,
    id: 20,
    title: "CPU",
    description:
      "What the processors are busy with, as a part of all of them. steal is what the hypervisor gave to others.",
    unit: "percentunit",
    style: "stack",
    queries: [
      {
        expr: `avg by (job, instance, mode) (${rate(ofHost("node_cpu_seconds_total", 'mode!="idle"'))})`,
        legend: `${HOST} {{mode}}`,
      },
    ],
  }),
  graph({
    ...third,
    id: 21,
    title: "Waiting for a processor",
    description: "Part of the time in which some process was ready and had to wait.",
    unit: "percentunit",
    queries: perSecond({ waiting: "pressure_cpu_waiting_seconds" }),
  }),
  graph({
    ...third,
    id: 22,
    title: "Memory available",
    description: "What processes could still get, as a part of all memory.",
    unit: "percentunit",
    max: 1,
    queries: [
      { expr: `${ofHost("node_memory_MemAvailable_bytes")} / ${ofHost("node_memory_MemTotal_bytes")}`, legend: HOST },
    ],
  }),
]

const network = [
  graph({
    ...half,
    id: 30,
    title: "UDP errors of the host",
    description: "Datagrams of any socket that found its buffer full, could not be sent, or were damaged.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: increase(ofHost("node_netstat_Udp_RcvbufErrors")), legend: `${HOST} receive buffer full` },
      { expr: increase(ofHost("node_netstat_Udp_SndbufErrors")), legend: `${HOST} send buffer full` },
      { expr: increase(ofHost("node_netstat_Udp_InErrors")), legend: `${HOST} errors in` },
    ],
  }),
  graph({
    ...half,
    id: 31,
    title: "Softnet",
    description: "Packets that the kernel dropped before any socket, and times it ran out of its budget for receiving.",
    unit: "short",
    style: "bars",
    queries: [
      { expr: `sum by (job, instance) (${increase(ofHost("node_softnet_dropped_total"))})`, legend: `${HOST} dropped` },
      {
        expr: `sum by (job, instance) (${increase(ofHost("node_softnet_times_squeezed_total"))})`,
        legend: `${HOST} squeezed`,
      },
    ],
  }),
  graph({
    ...third,
    id: 32,
    title: "Network",
    description: "Bits a second by interface.",
    unit: "bps",
    queries: [
      { expr: `8 * ${rate(ofHost("node_network_receive_bytes_total", DEVICES))}`, legend: `${HOST} {{device}} in` },
      { expr: `8 * ${rate(ofHost("node_network_transmit_bytes_total", DEVICES))}`, legend: `${HOST} {{device}} out` },
    ],
  }),
  graph({
    ...third,
    id: 33,
    title: "Drops and errors of the network",
    description: "Packets a second by interface that were dropped or damaged.",
    unit: "pps",
    queries: perSecond(
      {
        "{{device}} dropped in": "network_receive_drop",
        "{{device}} dropped out": "network_transmit_drop",
        "{{device}} errors in": "network_receive_errs",
        "{{device}} errors out": "network_transmit_errs",
      },
      DEVICES,
    ),
  }),
  graph({
    ...third,
    id: 34,
    title: "UDP sockets",
    description:
      "Bytes that wait in the queues of UDP sockets, by address family and queue, and what they hold in memory.",
    unit: "bytes",
    queries: [
      { expr: ofHost("node_udp_queues"), legend: `${HOST} {{ip}} {{queue}}` },
      { expr: ofHost("node_sockstat_UDP_mem_bytes"), legend: `${HOST} memory` },
    ],
  }),
]

const rest = [
  graph({
    ...third,
    id: 40,
    title: "Disk space left",
    description: "As a part of the file system.",
    unit: "percentunit",
    max: 1,
    queries: [
      {
        expr: `${ofHost("node_filesystem_avail_bytes", FILES)} / ${ofHost("node_filesystem_size_bytes", FILES)}`,
        legend: `${HOST} {{mountpoint}}`,
      },
    ],
  }),
  graph({
    ...third,
    id: 41,
    title: "Disks busy",
    description: "Part of the time in which a disk had something to do.",
    unit: "percentunit",
    queries: perSecond({ "{{device}}": "disk_io_time_seconds" }, DISKS),
  }),
  graph({
    ...third,
    id: 42,
    title: "Clock",
    description:
      "How far the clock is from its source, and by how much that may be wrong. Cue times and logs rest on it.",
    unit: "s",
    queries: [
      { expr: `abs(${ofHost("node_timex_offset_seconds")})`, legend: `${HOST} off by` },
      { expr: ofHost("node_timex_maxerror_seconds"), legend: `${HOST} at most` },
    ],
  }),
]

export const hostMachine = [
  { title: "Load", panels: load },
  { title: "Network", panels: network },
  { title: "Disks and clock", panels: rest },
]
