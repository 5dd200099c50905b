import { Option } from "effect"
import { describe, expect, it } from "vitest"
import { makeTestApp } from "../testing/test-app.ts"

const page = async (grafanaUrl: Option.Option<string>) => {
  const test = makeTestApp({ grafanaUrl })
  await test.call("POST", "/api/channels", { name: "Main Event", rtp_port: 5000 })
  return (await test.call("GET", "/channels/main-event")).text()
}

describe("Grafana", () => {
  it("is linked to from the page of a channel, with the way back", async () => {
    expect(await page(Option.some("https://g.example.com/x"))).toContain(
      '<a href="https://g.example.com/x/d/distributor-channel?var-channel=main-event&amp;var-product=http%3A%2F%2Flocalhost">Grafana</a>',
    )
  })

  it("is not spoken of when there is none", async () => {
    expect(await page(Option.none())).not.toContain("Grafana")
  })
})
