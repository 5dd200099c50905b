/**
 * Where the services of AWS are. `AWS_ENDPOINT_URL_<SERVICE>` and `AWS_ENDPOINT_URL` name other places, as they do for
 * AWS's own tools: an endpoint in a VPC, or a stand-in.
 */

export type AwsService = "medialive" | "cloudwatch" | "pricing" | "sts"
export type Environment = Readonly<Record<string, string | undefined>>

export interface Endpoint {
  /** Without a slash at its end. */
  readonly url: string
  /** Region and name that requests are signed for (Signature Version 4). */
  readonly region: string
  readonly signedFor: string
}

const domainOf = (region: string): string => (region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com")

/** Prices of all regions are told in a few. */
const PRICING_REGION = "us-east-1"

const SERVICES: Readonly<Record<AwsService, (region: string) => Endpoint>> = {
  medialive: (region) => ({ url: `https://medialive.${region}.${domainOf(region)}`, region, signedFor: "medialive" }),
  cloudwatch: (region) => ({
    url: `https://monitoring.${region}.${domainOf(region)}`,
    region,
    signedFor: "monitoring",
  }),
  pricing: () => ({
    url: `https://api.pricing.${PRICING_REGION}.amazonaws.com`,
    region: PRICING_REGION,
    signedFor: "pricing",
  }),
  sts: (region) => ({ url: `https://sts.${region}.${domainOf(region)}`, region, signedFor: "sts" }),
}

export const endpointFor = (service: AwsService, region: string, environment: Environment): Endpoint => {
  const usual = SERVICES[service](region)
  const own = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || environment["AWS_ENDPOINT_URL"]
  return own === undefined || own === "" ? usual : { ...usual, url: own.replace(/\/+$/, "") }
}

/** The region that AWS's own tools would take; null for none. */
export const regionIn = (environment: Environment): string | null =>
  environment["AWS_REGION"]?.trim() || environment["AWS_DEFAULT_REGION"]?.trim() || null
