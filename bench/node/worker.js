// The Node worker: what a careful user writes with ioredis, csv-stringify and undici.
//
// A consumer group, whole batches, connections kept alive; events are acknowledged and removed in one pipeline, and
// only after a 2xx. What an earlier life left pending comes first. --in-flight loops run side by side, each a
// consumer of its own. Begins at SIGUSR2 (SIGUSR1 is the debugger's) and ends a drain when nothing is left.
'use strict';

const {parseArgs} = require('node:util');
const Redis = require('ioredis');
const {stringify} = require('csv-stringify/sync');
const {Pool} = require('undici');

const GROUP = 'elrelay';
const {values: wishes} = parseArgs({
    options: {
        socket: {type: 'string'},
        stream: {type: 'string'},
        url: {type: 'string'},
        batch: {type: 'string', default: '500'},
        'in-flight': {type: 'string', default: '1'},
    },
});
const loops = Number(wishes['in-flight']);
const url = new URL(wishes.url);
const pool = new Pool(url.origin, {connections: loops});
const redis = new Redis(wishes.socket);

// All keys, first seen first; a row for each event.
function toCsv(events) {
    const rows = events.map((event) => JSON.parse(event));
    const columns = new Set();
    for (const row of rows)
        for (const key of Object.keys(row))
            columns.add(key);
    return stringify(rows, {header: true, columns: [...columns], cast: {boolean: String}});
}

async function read(consumer, after) {
    const reply = await redis.xreadgroup('GROUP', GROUP, consumer, 'COUNT', wishes.batch, 'STREAMS', wishes.stream, after);
    return reply ? reply[0][1] : [];
}

async function send(entries) {
    const ids = entries.map(([id]) => id);
    const answer = await pool.request({
        path: url.pathname,
        method: 'POST',
        headers: {'content-type': 'text/csv', 'idempotency-key': `${ids[0]}-${ids.length}`},
        body: toCsv(entries.map(([, fields]) => fields[1])),
    });
    await answer.body.dump();
    if (answer.statusCode < 200 || answer.statusCode > 299)
        throw new Error(`the endpoint said ${answer.statusCode}`);
    const replies = await redis.pipeline().xack(wishes.stream, GROUP, ...ids).xdel(wishes.stream, ...ids).exec();
    for (const [error] of replies)
        if (error)
            throw error;
}

async function drain(consumer) {
    for (const after of ['0', '>'])
        for (let entries; (entries = await read(consumer, after)).length > 0;)
            await send(entries);
}

async function main() {
    await redis.xgroup('CREATE', wishes.stream, GROUP, '0', 'MKSTREAM').catch((error) => {
        if (!error.message.includes('BUSYGROUP'))
            throw error;
    });
    process.on('SIGUSR2', () => {
        for (let i = 0; i < loops; i++)
            drain(`worker-${i}`).catch((error) => {
                console.error(error);
                process.exit(1);
            });
    });
    console.log('ready');
}

main();
