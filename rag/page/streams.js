// Keeps the stream of results open while one is awaited.
//
// Gradio's server ends a page's stream when the page has no event left. An event that is sent before the browser has
// read that the stream ended would never get its result: Gradio's client thinks that the stream is still open and opens
// no other. So the client is told of the end only if it awaits nothing. Otherwise another stream goes on where the first
// one ended. The server keeps the results until then.
function keepStreams(send) {
  const awaited = new Set(); // ids of events
  const early = new Set(); // ids whose result came before the id itself
  let joining = 0;

  async function join(input, init) {
    joining += 1;
    try {
      const reply = await send(input, init);
      const { event_id: id } = reply.ok ? await reply.clone().json() : {};
      if (id && !early.delete(id)) awaited.add(id);
      return reply;
    } finally {
      joining -= 1;
    }
  }

  // Whether a message is the end of a stream.
  function read(message) {
    const { msg, event_id: id } = JSON.parse(message.slice(message.indexOf(':') + 1));
    if (msg === 'process_completed' && id && !awaited.delete(id)) early.add(id);
    return msg === 'close_stream';
  }

  // Passes on the messages of one stream. Returns whether it ended while something is awaited.
  async function pass(reply, out) {
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    const encoder = new TextEncoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      const messages = (text + value).split('\n\n');
      text = messages.pop();
      for (const message of messages) {
        if (read(message) && (joining || awaited.size)) {
          reader.cancel();
          return true;
        }
        out.enqueue(encoder.encode(`${message}\n\n`));
      }
    }
  }

  async function follow(input, init) {
    let reply = await send(input, init);
    if (!reply.ok) return reply;
    const { status, headers } = reply;
    const body = new ReadableStream({
      async start(out) {
        try {
          while (await pass(reply, out)) {
            reply = await send(input, init);
            if (!reply.ok) throw new Error(`The stream cannot go on: ${reply.status}`);
          }
          out.close();
        } catch (error) {
          out.error(error);
        }
      },
    });
    return new Response(body, { status, headers });
  }

  return (input, init) => {
    const { pathname } = new URL(input.url ?? input, document.baseURI);
    if (pathname.endsWith('/queue/join')) return join(input, init);
    if (pathname.endsWith('/queue/data')) return follow(input, init);
    return send(input, init);
  };
}

window.fetch = keepStreams(window.fetch.bind(window));
