/** What transfers ask of a host: an SFTP channel, or where there is none, the commands of its shell. */
import type { SftpClient } from "./client.ts";

/** The requests of {@linkcode SftpClient}, whoever answers them; what fails throws a StatusError. */
export type FileClient = Omit<SftpClient, "start" | "end" | "idle">;
