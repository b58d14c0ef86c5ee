// Who comes to a Supabase project: strangers, newcomers, members, and members who write what every user may write.

import { randomUUID } from 'node:crypto';

/** `members` are {tenant, user}; `claim` says where a token holds the tenant, such as app_metadata.tenant_id. */
export function callersOf(members, claim) {
  const strangers = [
    { name: 'a stranger', role: 'anon', tenant: null, claims: {} },
    { name: 'a newcomer', role: 'authenticated', tenant: null, claims: claimsOf(randomUUID(), {}) },
  ];
  const honest = members.map(({ tenant, user }) => ({
    name: `a member of ${tenant}`, role: 'authenticated', tenant, claims: claimsOf(user, nested(claim, tenant)),
  }));
  const forgers = members.map(({ tenant }) => ({
    name: `a newcomer who claims to be of ${tenant}`, role: 'authenticated', tenant: null,
    claims: claimsOf(randomUUID(), { user_metadata: { tenant_id: tenant, ...leaf(claim, tenant) } }),
  }));
  return [...strangers, ...honest, ...forgers];
}

function claimsOf(user, more) {
  return { sub: user, role: 'authenticated', aud: 'authenticated', app_metadata: {}, user_metadata: {}, ...more };
}

function nested(path, value) {
  return path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);
}

function leaf(path, value) {
  return { [path.split('.').at(-1)]: value };
}
