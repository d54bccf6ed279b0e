// Rows of `tokens`: one for each token that was ever made, by its digest.
import type { Database } from "bun:sqlite";
import type { TokenRecord } from "../../cluster/server/access/tokens.ts";

interface TokenRow {
  id: string;
  name: string;
  role: string;
  hash: string;
  client_id: string | null;
  proof_hash: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  made: string | null;
}

export function loadTokens(database: Database): TokenRecord[] {
  return database
    .query<TokenRow, []>("SELECT * FROM tokens ORDER BY rowid")
    .all()
    .map(({ id, name, role, hash, client_id, proof_hash, created_at, expires_at, revoked_at, made }) => ({
      id,
      name,
      role: role as TokenRecord["role"],
      hash,
      clientId: client_id,
      proofHash: proof_hash,
      createdAt: created_at,
      expiresAt: expires_at,
      revokedAt: revoked_at,
      made: made === null ? null : (JSON.parse(made) as TokenRecord["made"]),
    }));
}

export function saveToken(database: Database, record: TokenRecord): void {
  database
    .query(
      `INSERT INTO tokens (id, name, role, hash, client_id, proof_hash, created_at, expires_at, revoked_at, made)
       VALUES ($id, $name, $role, $hash, $clientId, $proofHash, $createdAt, $expiresAt, $revokedAt, $made)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, hash = excluded.hash,
         client_id = excluded.client_id, proof_hash = excluded.proof_hash, created_at = excluded.created_at, expires_at = excluded.expires_at,
         revoked_at = excluded.revoked_at, made = excluded.made`,
    )
    .run({ ...record, made: record.made === null ? null : JSON.stringify(record.made) });
}
