import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { HistoryView } from "../../effects/history/history-model.ts"
import { BACKUP, PAGE, page, shown, start, text } from "../testing/channel-page.ts"
import { fakeCue, fakeEvent, fakeInput, fakeLeg, fakeOutput, fakeScte35 } from "../testing/fake-views.ts"
import { makeTestApp } from "../testing/test-app.ts"

describe("the page of a channel", () => {
  it("has no inline script, style or handler, and leads nowhere else", async () => {
    const html = await shown({
      outputs: [fakeOutput({ id: "o" })],
      scte35: fakeScte35({ state: "in_break", ends_in_s: 9 }),
    })
    expect(html).toMatch(/^<!doctype html>/)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|(?:src|href)="https?:/i)
    expect(html.match(/<script[^>]*>/g)).toContain('<script src="/static/uplot.js">')
    expect(html).toContain('hx-sse:connect="/live/channels/a"')
    for (const name of ["uplot.js", "uplot.css", "plots.js", "plot-style.js", "ticking.js"]) {
      expect((await makeTestApp().call("GET", `/static/${name}`)).status).toBe(200)
    }
  })

  it("escapes names, URLs, errors and what comes from the stream", async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`
    const leg = fakeLeg({
      reasons: [evil],
      verdict: "bad",
      findings: [{ code: "x", message: evil }],
      warnings: [evil],
      sender: evil,
    })
    const test = await start({
      name: evil,
      error: evil,
      input: fakeInput({ legs: [leg] }),
      alarms: [{ kind: "leg_bad", severity: "critical", since: new Date().toISOString(), message: `${evil}!` }],
      outputs: [
        fakeOutput({
          id: "o",
          name: evil,
          url: `srt://:1?mode=listener&streamid=${evil}`,
          last_error: evil,
          warnings: [evil],
        }),
      ],
    })
    test.plane.happened("a", fakeEvent({ id: 1, message: evil, output: evil }))
    test.plane.cued("a", fakeCue({ id: 1, description: evil, errors: [evil], upids: [evil] }))
    const html = await page(test)
    expect(html).not.toContain("<img")
    expect(html).not.toMatch(/="[^"]*<img/)
    expect(html.split("&lt;img src=x onerror=alert(1)&gt;").length).toBeGreaterThan(12)
  })

  it("shows both legs with verdict, reasons, figures, errors, findings and streams", async () => {
    const counters = {
      rtp_lost: 7,
      fec_recovered: 6,
      merge_used: 5,
      rtp_reordered: 4,
      rtp_late: 3,
      cc_errors: 2,
      pcr_repetition_errors: 1,
    }
    const bad = fakeLeg({
      verdict: "degraded",
      reasons: ["2 continuity errors"],
      pcr_jitter_ms: 4.256,
      pcr_jitter_max_ms: 9,
      kernel_drops: 8,
      counters,
      fec: { columns: 8, rows: 10, latency_ms: 120.4 },
      findings: [{ code: "no_scte35", message: "no SCTE-35 PID" }],
      pids: [{ pid: 481, packets: 9, bitrate: 1_500_000 }],
      programmes: [
        {
          program_number: 3,
          pmt_pid: 480,
          pcr_pid: 481,
          version: 2,
          cuei: true,
          streams: [{ pid: 481, stream_type: 0x1b }],
        },
      ],
    })
    const html = text(
      await shown({
        input: fakeInput({ legs: [bad, BACKUP], merge: "rtp", path_difference_ms: 80.04, redundancy: "ok" }),
      }),
    )
    for (const part of [
      "Primary ▶ in use degraded 127.0.0.1:5000 RTP from 127.0.0.1:40000",
      "2 continuity errors",
      "Bit rate 8.02 Mbit/s",
      "RTP lost 7",
      "Recovered by FEC 6 (8 × 10, 120 ms)",
      "Used by the merge 5 TS packets",
      "Reordered 4, 3 too late",
      "PCR jitter 4.26 ms, 9.00 ms at most",
      "Kernel drops 8",
      "Kernel buffer 8.0 MiB",
      "1.4 Continuity count 2",
      "2.3a PCR repetition 1",
      "no SCTE-35 PID",
      "Programme 3: PMT PID 480, version 2, PCR PID 481, CUEI",
      "481 0x1b 1.50 Mbit/s",
      "Backup standby good 127.0.0.1:5001",
      "redundant merged by RTP, backup 80.0 ms later · 0 switches",
    ]) {
      expect(html).toContain(part)
    }
  })

  it("shows an output's figures, its last error in full, and when it tries again, failing ones first", async () => {
    const error = "x".repeat(300)
    const at = "2026-01-02T03:04:09.000Z"
    const srt = { rtt_ms: 12.34, packets_sent: 1000, packets_lost: 5, packets_retransmitted: 4, send_buffer_ms: 33 }
    const receivers = [{ peer: "192.0.2.1:4", stream_id: "s", uptime: 9, bytes_sent: 1, packets_dropped: 2, rtt_ms: 5 }]
    const good = fakeOutput({
      id: "good",
      status: "connected",
      bitrate: 8_020_000,
      reconnects: 6,
      last_error: "it was away",
      srt,
      srt_stack: "libsrt",
      needs_libsrt: ["packetfilter", "maxbw"],
      receivers,
    })
    const bad = fakeOutput({
      id: "bad",
      number: 2,
      status: "retrying",
      last_error: error,
      next_retry_at: at,
      warnings: ["look"],
    })
    const test = await start({ outputs: [good, bad] })
    const lost = { kind: "output_failed", severity: "critical" as const, output: "good", message: "it was away" }
    test.plane.happened("a", fakeEvent({ id: 1, ...lost }), fakeEvent({ id: 2, output: "bad", message: "not its own" }))
    const html = await page(test, `${PAGE}?output=good`)
    expect(html.indexOf('id="output-bad"')).toBeLessThan(html.indexOf('id="output-good"'))
    expect(html).toContain(`data-countdown-to="${at}"`)
    for (const part of [
      error,
      "retrying, next try in 03:04:09 UTC",
      "look",
      "2026-01-02 03:04:05 UTC it was away",
      "libsrt, which it needs for packetfilter, maxbw",
      "8.02 Mbit/s 12.3 ms 5 (0.50 %) 4 (0.40 %) 33 ms 6",
    ]) {
      expect(text(html)).toContain(part)
    }
    expect(text(html)).toContain("192.0.2.1:4 stream id s, connected for")
    const panel = html.slice(html.indexOf('id="output-panel"'), html.indexOf('id="urls"'))
    expect(panel).not.toContain("not its own")
    // An error of an output that is connected again is history, with its time.
    expect(await page(test)).not.toMatch(/it was away[\s\S]*id="input"/)
  })

  it("shows which receiver of an output with a backup carries", async () => {
    const standing = { state: "connected", address: "192.0.2.7:9000", rtt_ms: 12.34, last_error: null } as const
    const main = { ...standing, state: "waiting", rtt_ms: null } as const
    const backup = { carried_by: "backup", main, backup: { ...standing, address: "192.0.2.8:9000" } } as const
    const test = await start({ outputs: [fakeOutput({ id: "o", status: "connected", backup })] })
    const html = await page(test, `${PAGE}?output=o`)
    const [row, panel] = html.slice(html.indexOf('id="output-o"')).split('id="output-panel"')
    for (const part of [row, panel]) {
      expect(text(part ?? "")).toContain("main receiver 192.0.2.7:9000 not connected")
      expect(text(part ?? "")).toContain("backup receiver 192.0.2.8:9000 carries, RTT 12.3 ms")
    }
    expect(text(row ?? "")).toContain("srt on backup")
  })

  it("shows a connected output without input as idle, by word and mark (point 23)", async () => {
    const html = await shown({
      status: "error",
      outputs: [fakeOutput({ id: "o", status: "connected", carrying: false, uptime: 60 })],
    })
    expect(html).toMatch(
      /<span class="status is-idle"><span class="mark" aria-hidden="true"><\/span>idle, no input: connected<\/span>/,
    )
    expect(html).not.toContain('class="status is-connected"')
    expect(html).toContain("No output is streaming now.")
  })

  it("says nothing twice, and nothing of a stopped channel's inputs", async () => {
    const error = "no packets on 0.0.0.0:5000"
    const alarms = [
      { kind: "no_input", severity: "critical", since: new Date().toISOString(), message: error },
    ] as const
    const silent = fakeLeg({ verdict: "lost", receiving: false, last_error: error })
    expect(
      (await shown({ status: "error", error, alarms, input: fakeInput({ legs: [silent, BACKUP] }) })).split(error),
    ).toHaveLength(2)
    const stopped = text(await shown({ status: "stopped", input: fakeInput({ legs: [silent, BACKUP] }) }))
    expect(stopped).not.toMatch(/lost 0\.0|Switch to backup|redundan/)
    expect(stopped).toContain("Not received while the channel is stopped")
  })

  it("lists cues with their proof and bytes, breaks as bars, and events", async () => {
    const test = await start()
    const missed = { output: "udp", status: "missed", at: null, delay_ms: null, reason: "refused" } as const
    const idle = {
      output: "pull",
      status: "no_receiver",
      at: null,
      delay_ms: null,
      reason: "nobody is connected",
    } as const
    test.plane.cued(
      "a",
      ...Array.from({ length: 30 }, (_, i) =>
        fakeCue({ id: 30 - i, outputs: [missed, idle], kind: i % 2 === 0 ? "in" : "out" }),
      ),
    )
    test.plane.happened(
      "a",
      fakeEvent({ id: 12, kind: "redundancy_lost", severity: "warning", message: "the backup is silent" }),
    )
    const html = await page(test)
    expect(html.match(/id="cue-\d+"/g)).toHaveLength(20)
    expect(html).toContain('<p class="error">udp missed: refused')
    expect(html).toContain('<p class="hint">pull: nobody is connected')
    expect(html).toContain('data-copy="hex"')
    expect(html).toContain('<input type="hidden" name="cue" value="/DAlAAAA')
    expect(html).toMatch(/<rect [^>]*>/)
    expect(text(html)).toContain("redundancy lost (warning) the backup is silent")
  })

  it("shows the plots in figures of the span that is asked for", async () => {
    const spans: string[] = []
    const history = (_: string, window: HistoryView["window"]): Effect.Effect<HistoryView> => {
      spans.push(window)
      const series = [{ of: "primary", is: "leg", measure: "bitrate", values: [null, 2e6, 4e6] }] as const
      return Effect.succeed({
        window,
        step_s: 1,
        times: [1e9, 1e9 + 1, 1e9 + 2],
        series,
        marks: [{ at: 1e9, kind: "switch", label: "to <backup>" }],
      })
    }
    const test = await start({}, { over: { history: { view: history } } })
    expect(text(await page(test, `${PAGE}?window=1h`))).toContain(
      "primary bit rate 4.00 Mbit/s 2.00 Mbit/s 3.00 Mbit/s 4.00 Mbit/s",
    )
    expect(await page(test, "/fragments/channels/a/figures?window=24h")).toContain(
      "2001-09-09 01:46:40 UTC</time> to &lt;backup&gt;",
    )
    await page(test, `${PAGE}?window=constructor`)
    expect(spans).toEqual(["1h", "24h", "5m"])
  })

  it("is not there for a channel that is not there", async () => {
    const test = await start()
    for (const path of ["/channels/none", "/live/channels/none", "/fragments/channels/none/figures"]) {
      expect((await test.call("GET", path)).status).toBe(404)
    }
  })
})
