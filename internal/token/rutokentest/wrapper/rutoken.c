/* A PKCS #11 library for tests: SoftHSM2 behind the manners of a Rutoken.
 *
 * Keys and signatures are SoftHSM's. What this file adds: tries are counted and
 * the PIN-code locks; the flags of the factory PIN-code; model, versions and
 * memory; elliptic curves only where the token has them; tokens that are pulled
 * out and plugged in, into another slot and with their sessions dead; faults at
 * the Nth call. Everything is read from and written to one shared file, the
 * control file (RUTOKENTEST_CONTROL), whose words control.go writes: the two
 * must agree.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CK_PTR *
#define CK_DEFINE_FUNCTION(type, name) type name
#define CK_DECLARE_FUNCTION(type, name) type name
#define CK_DECLARE_FUNCTION_POINTER(type, name) type(*name)
#define CK_CALLBACK_FUNCTION(type, name) type(*name)
#ifndef NULL_PTR
#define NULL_PTR 0
#endif
#include "pkcs11.h"

enum { WORDS = 512, TOKENS = 8, SESSIONS = 64 };

/* Words of the control file. */
enum { CALLS, FAULT_AT, FAULT_KIND, FAULT_ARG, HUNG, COUNT, FIRST = 16, SIZE = 32 };
/* Kinds of faults: what happens at call number FAULT_AT. */
enum { UNPLUG = 1, HANG = 2, ERROR = 3, UNPLUG_AFTER = 4, CRASH = 5 };
/* Words of one token, from FIRST + index * SIZE. */
enum {
  PRESENT, EPOCH, LEFT, TRIES, FACTORY, HARDWARE, FIRMWARE, FREE, TOTAL, HAS_EC, PIN_MIN, PIN_MAX,
  STORE /* SoftHSM's serial number, 16 bytes */, SERIAL = STORE + 2, MODEL = SERIAL + 2
};

static volatile uint64_t *control;
static CK_FUNCTION_LIST table, *real;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session {
  CK_SESSION_HANDLE handle;
  int token;
  uint64_t epoch;
} sessions[SESSIONS];

static volatile uint64_t *token(int i) { return control + FIRST + i * SIZE; }
static int tokens(void) { return control[COUNT] < TOKENS ? (int)control[COUNT] : TOKENS; }

/* A slot's number changes each time its token is plugged in. */
static CK_SLOT_ID slot_of(int i) { return token(i)[EPOCH] * TOKENS + (CK_SLOT_ID)i; }

/* The token in a slot, or -1. */
static int at(CK_SLOT_ID slot) {
  int i = (int)(slot % TOKENS);
  return i < tokens() && slot == slot_of(i) && token(i)[PRESENT] ? i : -1;
}

static CK_RV store_of(int i, CK_SLOT_ID *found) {
  CK_SLOT_ID ids[64];
  CK_ULONG n = 64;
  CK_TOKEN_INFO info;
  CK_RV rv = real->C_GetSlotList(CK_TRUE, ids, &n);
  if (rv != CKR_OK) return rv;
  for (CK_ULONG k = 0; k < n; k++)
    if (real->C_GetTokenInfo(ids[k], &info) == CKR_OK && memcmp(info.serialNumber, (const void *)(token(i) + STORE), 16) == 0) {
      *found = ids[k];
      return CKR_OK;
    }
  return CKR_TOKEN_NOT_PRESENT;
}

/* Tokens are known to SoftHSM by their slot, which never changes while it runs. */
static CK_SLOT_ID stores[TOKENS];
static int known[TOKENS];
static CK_SLOT_ID store(int i) {
  if (!known[i] && store_of(i, &stores[i]) == CKR_OK) known[i] = 1;
  return stores[i];
}

static void unplug(int i) {
  if (i < 0 || i >= tokens() || !token(i)[PRESENT]) return;
  token(i)[PRESENT] = 0;
  token(i)[EPOCH]++;
}

static int after; /* the call under way ends with the token pulled out */

/* begin counts a call and lets a fault happen. The mutex is held until end. */
static CK_RV begin(void) {
  pthread_mutex_lock(&lock);
  after = 0;
  if (++control[CALLS] != control[FAULT_AT]) return CKR_OK;
  switch (control[FAULT_KIND]) {
  case UNPLUG: unplug((int)control[FAULT_ARG]); break;
  case UNPLUG_AFTER: after = 1; break;
  case ERROR: return control[FAULT_ARG];
  case CRASH: _exit(3);
  case HANG:
    control[HUNG] = 1;
    for (;;) pause();
  }
  return CKR_OK;
}

static CK_RV end(CK_RV rv) {
  if (after) {
    unplug((int)control[FAULT_ARG]);
    rv = CKR_DEVICE_REMOVED;
  }
  pthread_mutex_unlock(&lock);
  return rv;
}

#define CALL(expression)            \
  do {                              \
    CK_RV rv_ = begin();            \
    if (rv_ == CKR_OK) rv_ = (expression); \
    return end(rv_);                \
  } while (0)

static struct session *session(CK_SESSION_HANDLE h) {
  for (int i = 0; i < SESSIONS; i++)
    if (h && sessions[i].handle == h) return &sessions[i];
  return NULL;
}

/* sweep ends the sessions that died with their token, and so its login. */
static void sweep(int i) {
  for (int k = 0; k < SESSIONS; k++)
    if (sessions[k].handle && sessions[k].token == i && sessions[k].epoch != token(i)[EPOCH]) {
      real->C_CloseSession(sessions[k].handle);
      sessions[k].handle = 0;
    }
}

/* live says whether a session may be used, and of which token it is. */
static CK_RV live(CK_SESSION_HANDLE h, int *i) {
  struct session *s = session(h);
  if (!s) return CKR_SESSION_HANDLE_INVALID;
  *i = s->token;
  if (s->epoch == token(*i)[EPOCH] && token(*i)[PRESENT]) return CKR_OK;
  CK_RV rv = token(*i)[PRESENT] ? CKR_SESSION_HANDLE_INVALID : CKR_DEVICE_REMOVED;
  sweep(*i);
  return rv;
}

#define WITH(h, expression)                       \
  do {                                            \
    int i_;                                       \
    CK_RV rv_ = begin();                          \
    if (rv_ == CKR_OK) rv_ = live(h, &i_);        \
    if (rv_ == CKR_OK) rv_ = (expression);        \
    return end(rv_);                              \
  } while (0)

static CK_RV slot_list(CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR n) {
  CK_ULONG k = 0, room = *n;
  for (int i = 0; i < tokens(); i++) {
    if (!token(i)[PRESENT] && present) continue;
    if (list && k < room) list[k] = slot_of(i);
    k++;
  }
  *n = k;
  return list && k > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}
static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR n) { CALL(slot_list(present, list, n)); }

static void pad(CK_UTF8CHAR *to, size_t size, const char *text) {
  size_t n = strlen(text);
  memset(to, ' ', size);
  memcpy(to, text, n < size ? n : size);
}

static CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info) {
  int i = (int)(slot % TOKENS);
  if (i >= tokens() || slot != slot_of(i)) return CKR_SLOT_ID_INVALID;
  memset(info, 0, sizeof *info);
  char reader[] = "Aktiv Rutoken ECP 00 00";
  reader[19] = (char)('0' + i);
  pad(info->slotDescription, sizeof info->slotDescription, reader);
  pad(info->manufacturerID, sizeof info->manufacturerID, "Aktiv Co.");
  info->flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | (token(i)[PRESENT] ? CKF_TOKEN_PRESENT : 0);
  return CKR_OK;
}
static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info) { CALL(slot_info(slot, info)); }

static CK_VERSION version(uint64_t word) {
  CK_VERSION v = {(CK_BYTE)(word >> 8), (CK_BYTE)word};
  return v;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  int i = at(slot);
  if (i < 0) return CKR_TOKEN_NOT_PRESENT;
  volatile uint64_t *t = token(i);
  CK_RV rv = real->C_GetTokenInfo(store(i), info);
  if (rv != CKR_OK) return rv;
  pad(info->manufacturerID, sizeof info->manufacturerID, "Aktiv Co.");
  memcpy(info->model, (const void *)(t + MODEL), 16);
  memcpy(info->serialNumber, (const void *)(t + SERIAL), 16);
  info->hardwareVersion = version(t[HARDWARE]);
  info->firmwareVersion = version(t[FIRMWARE]);
  info->ulTotalPublicMemory = info->ulTotalPrivateMemory = t[TOTAL];
  info->ulFreePublicMemory = info->ulFreePrivateMemory = t[FREE];
  info->ulMinPinLen = t[PIN_MIN];
  info->ulMaxPinLen = t[PIN_MAX];
  info->flags &= ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_USER_PIN_TO_BE_CHANGED);
  if (t[LEFT] < t[TRIES]) info->flags |= CKF_USER_PIN_COUNT_LOW;
  if (t[LEFT] == 1) info->flags |= CKF_USER_PIN_FINAL_TRY;
  if (t[LEFT] == 0) info->flags |= CKF_USER_PIN_LOCKED;
  if (t[FACTORY]) info->flags |= CKF_USER_PIN_TO_BE_CHANGED;
  return CKR_OK;
}
static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) { CALL(token_info(slot, info)); }

static int curve(CK_MECHANISM_TYPE m) { return m == CKM_EC_KEY_PAIR_GEN || m == CKM_ECDSA || (m > CKM_ECDSA && m <= CKM_ECDSA + 6) || m == CKM_ECDH1_DERIVE; }

static CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR n) {
  CK_MECHANISM_TYPE all[256];
  CK_ULONG count = 256, k = 0, room = *n;
  int i = at(slot);
  if (i < 0) return CKR_TOKEN_NOT_PRESENT;
  CK_RV rv = real->C_GetMechanismList(store(i), all, &count);
  if (rv != CKR_OK) return rv;
  for (CK_ULONG j = 0; j < count; j++) {
    if (curve(all[j]) && !token(i)[HAS_EC]) continue;
    if (list && k < room) list[k] = all[j];
    k++;
  }
  *n = k;
  return list && k > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}
static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR n) { CALL(mechanism_list(slot, list, n)); }

static CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE m, CK_MECHANISM_INFO_PTR info) {
  int i = at(slot);
  if (i < 0) return CKR_TOKEN_NOT_PRESENT;
  if (curve(m) && !token(i)[HAS_EC]) return CKR_MECHANISM_INVALID;
  return real->C_GetMechanismInfo(store(i), m, info);
}
static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE m, CK_MECHANISM_INFO_PTR info) { CALL(mechanism_info(slot, m, info)); }

static CK_RV open_one(CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE_PTR h) {
  int i = at(slot);
  if (i < 0) return CKR_TOKEN_NOT_PRESENT;
  sweep(i);
  for (int k = 0; k < SESSIONS; k++) {
    if (sessions[k].handle) continue;
    CK_RV rv = real->C_OpenSession(store(i), flags, NULL_PTR, NULL_PTR, h);
    if (rv == CKR_OK) sessions[k] = (struct session){*h, i, token(i)[EPOCH]};
    return rv;
  }
  return CKR_SESSION_COUNT;
}
static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR a, CK_NOTIFY n, CK_SESSION_HANDLE_PTR h) {
  (void)a, (void)n;
  CALL(open_one(slot, flags, h));
}

static CK_RV close_one(CK_SESSION_HANDLE h) {
  CK_RV rv = real->C_CloseSession(h);
  struct session *s = session(h);
  if (s) s->handle = 0;
  return rv;
}
static CK_RV close_session(CK_SESSION_HANDLE h) { WITH(h, close_one(h)); }

static CK_RV close_all(CK_SLOT_ID slot) {
  int i = at(slot);
  if (i < 0) return CKR_TOKEN_NOT_PRESENT;
  for (int k = 0; k < SESSIONS; k++)
    if (sessions[k].token == i) sessions[k].handle = 0;
  return real->C_CloseAllSessions(store(i));
}
static CK_RV close_all_sessions(CK_SLOT_ID slot) { CALL(close_all(slot)); }

static CK_RV session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO_PTR info) {
  CK_RV rv = real->C_GetSessionInfo(h, info);
  if (rv == CKR_OK) info->slotID = slot_of(session(h)->token);
  return rv;
}
static CK_RV get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO_PTR info) { WITH(h, session_info(h, info)); }

/* judged counts a try of the PIN-code by what came of it. */
static CK_RV judged(volatile uint64_t *t, CK_RV rv) {
  if (rv == CKR_OK) t[LEFT] = t[TRIES];
  if (rv == CKR_PIN_INCORRECT && --t[LEFT] == 0) rv = CKR_PIN_LOCKED;
  return rv;
}

static CK_RV login_one(int i, CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n) {
  volatile uint64_t *t = token(i);
  if (user != CKU_USER) return real->C_Login(h, user, pin, n);
  if (t[LEFT] == 0) return CKR_PIN_LOCKED;
  return judged(t, real->C_Login(h, user, pin, n));
}
static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n) { WITH(h, login_one(i_, h, user, pin, n)); }
static CK_RV logout(CK_SESSION_HANDLE h) { WITH(h, real->C_Logout(h)); }

static CK_RV change_pin(int i, CK_SESSION_HANDLE h, CK_UTF8CHAR_PTR pin, CK_ULONG n, CK_UTF8CHAR_PTR to, CK_ULONG m) {
  volatile uint64_t *t = token(i);
  if (t[LEFT] == 0) return CKR_PIN_LOCKED;
  if (m < t[PIN_MIN] || m > t[PIN_MAX]) return CKR_PIN_LEN_RANGE;
  CK_RV rv = judged(t, real->C_SetPIN(h, pin, n, to, m));
  if (rv == CKR_OK) t[FACTORY] = m == 8 && memcmp(to, "12345678", 8) == 0;
  return rv;
}
static CK_RV set_pin(CK_SESSION_HANDLE h, CK_UTF8CHAR_PTR pin, CK_ULONG n, CK_UTF8CHAR_PTR to, CK_ULONG m) { WITH(h, change_pin(i_, h, pin, n, to, m)); }

/* Memory: what an object takes, in bytes. */
enum { PRIVATE_KEY = 1536, PUBLIC_KEY = 512, OTHER = 64 };

static CK_ULONG size_of(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o) {
  CK_OBJECT_CLASS class = 0;
  CK_ATTRIBUTE a = {CKA_CLASS, &class, sizeof class};
  if (real->C_GetAttributeValue(h, o, &a, 1) != CKR_OK) return 0;
  if (class == CKO_PRIVATE_KEY) return PRIVATE_KEY;
  if (class == CKO_PUBLIC_KEY) return PUBLIC_KEY;
  CK_ATTRIBUTE v = {CKA_VALUE, NULL_PTR, 0};
  return real->C_GetAttributeValue(h, o, &v, 1) == CKR_OK ? OTHER + v.ulValueLen : OTHER;
}

static CK_RV create(int i, CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR a, CK_ULONG n, CK_OBJECT_HANDLE_PTR o) {
  volatile uint64_t *t = token(i);
  CK_ULONG size = OTHER;
  for (CK_ULONG k = 0; k < n; k++)
    if (a[k].type == CKA_VALUE) size += a[k].ulValueLen;
  if (t[FREE] < size) return CKR_DEVICE_MEMORY;
  CK_RV rv = real->C_CreateObject(h, a, n, o);
  if (rv == CKR_OK) t[FREE] -= size;
  return rv;
}
static CK_RV create_object(CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR a, CK_ULONG n, CK_OBJECT_HANDLE_PTR o) { WITH(h, create(i_, h, a, n, o)); }

static CK_RV destroy(int i, CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o) {
  CK_ULONG size = size_of(h, o);
  CK_RV rv = real->C_DestroyObject(h, o);
  if (rv == CKR_OK) token(i)[FREE] += size;
  return rv;
}
static CK_RV destroy_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o) { WITH(h, destroy(i_, h, o)); }

static CK_RV generate(int i, CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR a, CK_ULONG na, CK_ATTRIBUTE_PTR b, CK_ULONG nb,
                      CK_OBJECT_HANDLE_PTR x, CK_OBJECT_HANDLE_PTR y) {
  volatile uint64_t *t = token(i);
  if (curve(m->mechanism) && !t[HAS_EC]) return CKR_MECHANISM_INVALID;
  if (t[FREE] < PRIVATE_KEY + PUBLIC_KEY) return CKR_DEVICE_MEMORY;
  CK_RV rv = real->C_GenerateKeyPair(h, m, a, na, b, nb, x, y);
  if (rv == CKR_OK) t[FREE] -= PRIVATE_KEY + PUBLIC_KEY;
  return rv;
}
static CK_RV generate_key_pair(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR a, CK_ULONG na, CK_ATTRIBUTE_PTR b, CK_ULONG nb,
                               CK_OBJECT_HANDLE_PTR x, CK_OBJECT_HANDLE_PTR y) {
  WITH(h, generate(i_, h, m, a, na, b, nb, x, y));
}

static CK_RV sign_init(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE k) {
  WITH(h, curve(m->mechanism) && !token(i_)[HAS_EC] ? CKR_MECHANISM_INVALID : real->C_SignInit(h, m, k));
}
static CK_RV sign(CK_SESSION_HANDLE h, CK_BYTE_PTR d, CK_ULONG n, CK_BYTE_PTR s, CK_ULONG_PTR l) { WITH(h, real->C_Sign(h, d, n, s, l)); }
static CK_RV verify_init(CK_SESSION_HANDLE h, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE k) { WITH(h, real->C_VerifyInit(h, m, k)); }
static CK_RV verify(CK_SESSION_HANDLE h, CK_BYTE_PTR d, CK_ULONG n, CK_BYTE_PTR s, CK_ULONG l) { WITH(h, real->C_Verify(h, d, n, s, l)); }
static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE_PTR a, CK_ULONG n) { WITH(h, real->C_FindObjectsInit(h, a, n)); }
static CK_RV find(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE_PTR o, CK_ULONG n, CK_ULONG_PTR c) { WITH(h, real->C_FindObjects(h, o, n, c)); }
static CK_RV find_final(CK_SESSION_HANDLE h) { WITH(h, real->C_FindObjectsFinal(h)); }
static CK_RV get_attribute(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_PTR a, CK_ULONG n) { WITH(h, real->C_GetAttributeValue(h, o, a, n)); }
static CK_RV set_attribute(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_PTR a, CK_ULONG n) { WITH(h, real->C_SetAttributeValue(h, o, a, n)); }
static CK_RV random_bytes(CK_SESSION_HANDLE h, CK_BYTE_PTR d, CK_ULONG n) { WITH(h, real->C_GenerateRandom(h, d, n)); }

static CK_RV get_info(CK_INFO_PTR info) {
  CK_RV rv = real->C_GetInfo(info);
  if (rv != CKR_OK) return rv;
  pad(info->manufacturerID, sizeof info->manufacturerID, "Aktiv Co.");
  pad(info->libraryDescription, sizeof info->libraryDescription, "Rutoken ECP PKCS #11 library");
  return CKR_OK;
}

static CK_RV initialize(CK_VOID_PTR args) {
  const char *name = getenv("RUTOKENTEST_CONTROL");
  int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return CKR_GENERAL_ERROR;
  void *map = mmap(NULL, WORDS * sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return CKR_GENERAL_ERROR;
  control = map;
  memset(known, 0, sizeof known);
  memset(sessions, 0, sizeof sessions);
  return real->C_Initialize(args);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) {
  if (!real) {
    const char *path = getenv("RUTOKENTEST_STORE");
    void *library = dlopen(path ? path : "libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    CK_RV (*list)(CK_FUNCTION_LIST_PTR_PTR);
    if (!library) return CKR_GENERAL_ERROR;
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    if (!list || list(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    table = *real;
    table.C_Initialize = initialize;
    table.C_GetInfo = get_info;
    table.C_GetFunctionList = C_GetFunctionList;
    table.C_GetSlotList = get_slot_list;
    table.C_GetSlotInfo = get_slot_info;
    table.C_GetTokenInfo = get_token_info;
    table.C_GetMechanismList = get_mechanism_list;
    table.C_GetMechanismInfo = get_mechanism_info;
    table.C_OpenSession = open_session;
    table.C_CloseSession = close_session;
    table.C_CloseAllSessions = close_all_sessions;
    table.C_GetSessionInfo = get_session_info;
    table.C_Login = login;
    table.C_Logout = logout;
    table.C_SetPIN = set_pin;
    table.C_CreateObject = create_object;
    table.C_DestroyObject = destroy_object;
    table.C_GenerateKeyPair = generate_key_pair;
    table.C_SignInit = sign_init;
    table.C_Sign = sign;
    table.C_VerifyInit = verify_init;
    table.C_Verify = verify;
    table.C_FindObjectsInit = find_init;
    table.C_FindObjects = find;
    table.C_FindObjectsFinal = find_final;
    table.C_GetAttributeValue = get_attribute;
    table.C_SetAttributeValue = set_attribute;
    table.C_GenerateRandom = random_bytes;
  }
  *out = &table;
  return CKR_OK;
}
