// Loaded before a server that would listen on every address: it listens on loopback alone.
import net from 'node:net';

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  if (!['number', 'string'].includes(typeof port)) return listen.call(this, port, ...rest);
  const others = rest.filter((value) => typeof value === 'number' || typeof value === 'function');
  return listen.call(this, port, '127.0.0.1', ...others);
};
