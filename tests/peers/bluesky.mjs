// Starts the whole network of Bluesky on this machine: `node bluesky.mjs FOLDER`, FOLDER as `.ci/peers bluesky` prints it.
// Wants DATABASE_URL (PostgreSQL) and REDIS_HOST; prints one line of JSON with the addresses once all of it answers,
// and ends when its input is closed, so that it never outlives whoever started it.
import dns from 'node:dns'
import { Server } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Its servers would listen on all interfaces of the machine. They are for this machine only.
const listen = Server.prototype.listen
Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'object' && args[0] !== null) args[0] = { ...args[0], host: '127.0.0.1' }
  else if (typeof args[1] === 'string') args[1] = '127.0.0.1'
  else args.splice(1, 0, '127.0.0.1')
  return listen.apply(this, args)
}

// Names under home.arpa, which the internet does not have (RFC 8375), are this machine: a shop of a test has one.
const lookup = dns.lookup
dns.lookup = function (name, options, done) {
  const here = typeof options === 'object' && options?.all ? [[{ address: '127.0.0.1', family: 4 }]] : ['127.0.0.1', 4]
  if (name.endsWith('.home.arpa')) process.nextTick(done ?? options, null, ...here)
  else lookup.call(dns, name, options, done)
}

const packages = join(process.argv[2], 'node_modules')
const { TestNetwork } = await import(pathToFileURL(join(packages, '@atproto/dev-env/dist/index.js')))
const network = await TestNetwork.create({
  dbPostgresUrl: process.env.DATABASE_URL,
  dbPostgresSchema: 'bluesky',
  pds: { hostname: 'localhost', enableDidDocWithSession: true },
})
console.log(JSON.stringify({ pds: network.pds.url, bsky: network.bsky.url, plc: network.plc.url }))

const end = () => network.close().finally(() => process.exit(0))
process.stdin.resume()
process.stdin.once('end', end)
process.once('SIGTERM', end)
