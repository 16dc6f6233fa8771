/**
 * Keys that puttygen 0.78 wrote for these tests; no server trusts them. PuTTY's tools are on few machines, so these are
 * kept and not made. The encrypted ones open with {@linkcode puttyPassphrase}.
 */

/** Opens the encrypted keys. */
export const puttyPassphrase = "secret-pass";

/** Files by their version, type and encryption. */
export const puttyKeys = {
  v2Ed25519Encrypted: `PuTTY-User-Key-File-2: ssh-ed25519
Encryption: aes256-cbc
Comment: test
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIM8kTlG9VKiybvPB66icMEEH1PQuHYd+szTWRKr2
Etlq
Private-Lines: 1
8XuhW2m9jrbae2lPtHiKgyi2v2sH55b5+4fj1fWPp0vDcW2niHYxp4+PY+E01ZBM
Private-MAC: d4725641de107a686598573c4cfe8cfdbc832600
`,
  v2RsaEncrypted: `PuTTY-User-Key-File-2: ssh-rsa
Encryption: aes256-cbc
Comment: test
Public-Lines: 6
AAAAB3NzaC1yc2EAAAADAQABAAABAQDMVCWg0P1w2lHmhMwwoS/DGQqCTl7WzmmF
p1JMlP2m/vjJRbXQj/LbZXKGuIAhR0Sz9XN6MLoc6zq8hbHw2gA+J+YhMHeb2llL
5L9fwKL22fCpa7kmVYo0vft2WALPu1Z/ozP3zSqGlpJr4sKqbjEdraWVekMRRzSr
gZpxNEXRDRfujfHkw1uDLefeMkKYiLxTfXARJCh3vIZs4YTTt4Qf1lZeO8WIqIdy
M/2mJiwEiZY5GSYk+GSzCSwIbGN/C4RK9p9w64Hd7iXihFycSkNLSwcYjNdNfr5U
B+L1mOZAQywoc/EQWgmkNE/A4xxDi53JWRh4gjq9HnuGUIWp/Y2D
Private-Lines: 14
Y09QuR+/F416Wt6pbB+STdC6L1IJ7NKjKDAumD3LY/WLXwgsHJ+TNNTdScrOFWLy
n6xKTOGDA/XJILW+66MsK5WQCdK+4yqCvuLh2nSlgYdGHDyrLutcJQWd6nbdBery
RZLqLpcYmadpIoTceAyr8XGLzOYtVpwuHXyHdpwRlsa1eWFvYMqarYx7mCLFtVJ4
8lurdriDJnpPDv0SEqo8+oyk3r+WbqcdmW9uwf/6gFKlW+P7bF9GfGlXk7PQMjIw
A41hZaxeEkmfSkW0KM4tqWUVerUdW8n40UofkPFmhxRQz2ZlVZ1UlVOjd8TZc3w3
suciFowsuj7SZriYZZx8mOFFPmvNoi4c3MJiW1rzfkXiPnohYuyaThI9KGMeasjo
Yv7ObaJIVwVNNVC6R4HwVOLuLvABoo7qyq6d2aSa5qm7udZt6F9DS0xyvWWYyYTA
AFbe2t9Whjv8vTs+wSByKS4pqf0UvgKUje718AQE46adX9FzJLTuPPY4KbuwTNF4
NM6kueMW3UxTI6jHd6cjdy2tSfOjtv1tElwwvhUNyuHJw1UnC2OKvZyGLjy6+oXN
82bljhbZdYyHlZenp3Isen+eRGf1s5jEJpFAJPywW+xf8C7bWcGd8JIKvpwyeJXG
RZs2KS+he4Ftpd97QIdrfU5DgzGJLZV+qX7orZnSjAPcSmnls58SRjwDmv2yFB/C
D5TYZAYfDzT06IU+bY/K8lwtEpGT7yLAiTfWEuhHPbTNFkU2eN8s6JF7L6LmPXcK
htOUw1RBXEWhz1GRm6gumcXxFlRgLKVA4TM9OjSKabC+6eplvebCrlLB8pMlX37t
kZp7otGTXkZmog15quPALtDTB4/DZbuyiukCi3pNIITZnCCejvkZOEZz+b5rO1Ma
Private-MAC: 41881f800ae65c3e43da3de68494d1ab7e162c2f
`,
  v2Ecdsa521: `PuTTY-User-Key-File-2: ecdsa-sha2-nistp521
Encryption: none
Comment: test
Public-Lines: 4
AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAZYlVGURoX
kBvEb9+nQhDwJ6TswZdVtzEQRF9r7NXQr7dVA6zQCx/Ds/QqcTPyy/P0nLFsxuod
a3kCpA8gN/KlzgHSWqlPD8Vo4AH/2OI9VlriQClZBJP8PqRYrH82vHiL2XOKomJK
P5AptRcWWtB8A2JyF5jZvwXVqSYth5Um2seUdQ==
Private-Lines: 2
AAAAQgFYzDoWa1tnY04Bn9akLZHGYBVYrbG6HkBB59Wm90+6t3HeGQZdKu/LqZJF
AVfCuiJb56tVQLad05o2/T+UGMnHAQ==
Private-MAC: f91c7bea5dbe9e83338dd60802bfd06ca8e2ad8d
`,
  v3Ecdsa256: `PuTTY-User-Key-File-3: ecdsa-sha2-nistp256
Encryption: none
Comment: test
Public-Lines: 3
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBARRhh+1H6eD
cZI6FSSWqL2WjjOftd7RGW+5M22lGXu7BdEqXRuj62fpOTPBjacnbdsEmBdnJcJv
V5vVArtnfD8=
Private-Lines: 1
AAAAIQDbv0beank49qDgskoqGoCQNnAtpqaPVE2NObj4GzYxEQ==
Private-MAC: 0633329c4fbd156baf48813f3603178ce34bee8c81f5dda34c91575a85f0de8f
`,
  v3Ed25519Encrypted: `PuTTY-User-Key-File-3: ssh-ed25519
Encryption: aes256-cbc
Comment: test
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIM8kTlG9VKiybvPB66icMEEH1PQuHYd+szTWRKr2
Etlq
Key-Derivation: Argon2id
Argon2-Memory: 8192
Argon2-Passes: 13
Argon2-Parallelism: 1
Argon2-Salt: 721431635ff46cb365bc0cc7eea01eba
Private-Lines: 1
H4JIPJV1wgoXmxqxZ/mWtPHy1iyeBuWnT6zZEB+RG5gQrlYxzjgfYj3O8cS2phvU
Private-MAC: 6812b0abb621bda493086ccff4eaef9e4c43053d1b311625ba32c750721281c5
`,
};
