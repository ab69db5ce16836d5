/** The real server, started by the test on free ports, killed and started again. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./until";

const BINARY = process.env["ORCHESTRATOR_BIN"] ?? resolve(import.meta.dirname, "../../../target/debug/orchestrator");

async function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

export class TestServer {
  private process: ChildProcess | undefined;
  private output = "";

  private constructor(readonly port: number, private readonly folder: string, private readonly args: readonly string[]) {}

  /** `dev` with its examples and services to play with. */
  static async dev(): Promise<TestServer> {
    const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "orchestrator-ui-"))];
    const server = new TestServer(port, folder, ["dev", "--data", join(folder, "data"), "--listen", `127.0.0.1:${String(port)}`, "--playground-port", "0"]);
    await server.start();
    return server;
  }

  /** `serve` with a configuration file. */
  static async serve(config: string): Promise<TestServer> {
    const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "orchestrator-ui-"))];
    const file = join(folder, "server.yaml");
    writeFileSync(file, config);
    const server = new TestServer(port, folder, ["serve", "--config", file, "--data", join(folder, "data"), "--listen", `127.0.0.1:${String(port)}`]);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Where the services' switches are. */
  get services(): string {
    const found = /services\s+(http:\/\/\S+)/.exec(this.output);
    if (found?.[1] === undefined) throw new Error(`expected the address of the services in the output, but got: ${this.output}`);
    return found[1];
  }

  async start(): Promise<void> {
    if (!existsSync(BINARY)) throw new Error(`expected the server's binary at ${BINARY}: build it, or name it by ORCHESTRATOR_BIN`);
    this.output = "";
    const child = spawn(BINARY, this.args, { stdio: ["ignore", "pipe", "pipe"] });
    const hear = (bytes: Buffer): void => {
      this.output += bytes.toString();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    this.process = child;
    await until("the server is ready", async () => {
      if (child.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
      return (await fetch(`${this.url}/readyz`)).ok && (this.args[0] !== "dev" || /services\s+http/.test(this.output));
    });
  }

  /** As a power cut would: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null) return;
    await new Promise<void>((gone) => {
      child.once("exit", () => gone());
      child.kill("SIGKILL");
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
