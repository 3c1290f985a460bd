//! WebAssembly modules: AgentGov's own interface and OPA's, a module or a bundle.
//!
//! A fresh instance for every call, with steps and memory bounded. It is given its input and
//! nothing else; a module that asks for more than its interface has is refused when it is loaded.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use wasmi::{
    Caller, Config, Engine, ExternType, Instance, Linker, Memory, MemoryType, Module, Store,
    StoreLimits, StoreLimitsBuilder, WasmParams, WasmResults,
};

use super::{Fault, LONGEST_MODULE};

/// Steps that one call may take: a fraction of a second.
const FUEL: u64 = 20_000_000;

/// Memory that one instance may have, in bytes.
const MEMORY: usize = 16 << 20;

/// Room for the answer of AgentGov's interface, in bytes.
const ROOM: i32 = 8192;

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// A module that is ready to be instantiated.
#[derive(Clone, Debug)]
pub(crate) struct Wasm {
    engine: Engine,
    module: Module,
    interface: Interface,
    /// The document of a bundle.
    data: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interface {
    AgentGov,
    Opa,
}

/// Functions of the host that each interface has.
const AGENTGOV: &[&str] = &["get_env", "log"];
const OPA: &[&str] = &[
    "memory",
    "opa_abort",
    "opa_builtin0",
    "opa_builtin1",
    "opa_builtin2",
    "opa_builtin3",
    "opa_builtin4",
    "opa_println",
];

impl Wasm {
    pub(crate) fn load(bytes: &[u8]) -> Result<Self, Fault> {
        let (code, data) =
            if bytes.starts_with(&[0x1f, 0x8b]) { unpack(bytes)? } else { (bytes.to_vec(), None) };
        let mut config = Config::default();
        config.consume_fuel(true).set_max_recursion_depth(512);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, &code)
            .map_err(|error| Fault::new(format!("not a module: {error}")))?;
        let interface = interface(&module)?;
        check_imports(&module, interface)?;
        let wasm = Self { engine, module, interface, data };
        if interface == Interface::Opa {
            wasm.check_builtins()?;
        }
        Ok(wasm)
    }

    /// The module's answer to one input.
    pub(crate) fn ask(&self, input: &Value) -> Result<Value, String> {
        let input = input.to_string();
        match self.interface {
            Interface::AgentGov => self.ask_agentgov(&input),
            Interface::Opa => self.ask_opa(&input),
        }
    }

    fn ask_agentgov(&self, input: &str) -> Result<Value, String> {
        let mut guest = self.start()?;
        let allocate = if guest.has("allocate") { "allocate" } else { "alloc" };
        let length =
            i32::try_from(input.len()).map_err(|_| String::from("the input is too long"))?;
        let at: i32 = guest.call(allocate, length)?;
        guest.write(at, input.as_bytes())?;
        let room: i32 = guest.call(allocate, ROOM)?;
        let status: i32 = guest.call("evaluate", (at, length, room, ROOM))?;
        if status != 0 {
            return Err(format!("it returned {status}"));
        }
        let answer = guest.text(room, usize::try_from(ROOM).unwrap_or_default())?;
        serde_json::from_str(&answer).map_err(|error| format!("its answer is not JSON: {error}"))
    }

    fn ask_opa(&self, input: &str) -> Result<Value, String> {
        let mut guest = self.start()?;
        let data = guest.opa_json(self.data.as_deref().unwrap_or("{}"))?;
        let points = guest.opa_dump("entrypoints")?;
        let points: Vec<(String, i32)> = match points.as_object() {
            Some(table) => table
                .iter()
                .filter_map(|(name, id)| Some((name.clone(), i32::try_from(id.as_i64()?).ok()?)))
                .collect(),
            None => vec![(String::from("allow"), 0)],
        };
        let length =
            i32::try_from(input.len()).map_err(|_| String::from("the input is too long"))?;
        let mut answers = Map::new();
        for (name, id) in &points {
            let at: i32 = guest.call("opa_malloc", length)?;
            guest.write(at, input.as_bytes())?;
            let heap: i32 = guest.call("opa_heap_ptr_get", ())?;
            let answer: i32 = guest.call("opa_eval", (0, *id, data, at, length, heap, 0))?;
            let answer = guest.text(answer, LONGEST_ANSWER)?;
            let answer: Value = serde_json::from_str(&answer)
                .map_err(|error| format!("its answer is not JSON: {error}"))?;
            let result =
                answer.get(0).and_then(|first| first.get("result")).cloned().unwrap_or(Value::Null);
            if let Value::Object(table) = result {
                // The whole package.
                answers.extend(table);
            } else if points.len() == 1 {
                return Ok(result);
            } else {
                let last = name.rsplit(['/', '.']).next().unwrap_or(name);
                answers.insert(last.to_owned(), result);
            }
        }
        Ok(Value::Object(answers))
    }

    /// OPA leaves functions that it does not compile to the host, which has none.
    fn check_builtins(&self) -> Result<(), Fault> {
        let mut guest = self.start().map_err(Fault::new)?;
        if !guest.has("builtins") {
            return Ok(());
        }
        let builtins = guest.opa_dump("builtins").map_err(Fault::new)?;
        let names: Vec<&str> = builtins
            .as_object()
            .into_iter()
            .flat_map(|table| table.keys().map(String::as_str))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let message = format!("the module needs functions of its host: {}", names.join(", "));
        Err(Fault::new(message)
            .help("a gate gives a policy its input and nothing else; leave these functions out"))
    }

    fn start(&self) -> Result<Guest, String> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY)
            .table_elements(10_000)
            .instances(1)
            .memories(2)
            .tables(2)
            .trap_on_grow_failure(true)
            .build();
        let mut store = Store::new(&self.engine, Host { limits, failed: None });
        store.limiter(|host| &mut host.limits);
        store.set_fuel(FUEL).map_err(told)?;
        let mut linker = Linker::<Host>::new(&self.engine);
        let memory = link(&mut linker, &mut store, &self.module)?;
        let instance = linker.instantiate_and_start(&mut store, &self.module).map_err(told)?;
        let memory =
            memory.or_else(|| instance.get_memory(&store, "memory")).ok_or("it has no memory")?;
        Ok(Guest { store, instance, memory })
    }
}

/// What a call keeps on the host's side.
struct Host {
    limits: StoreLimits,
    /// What the module said when it gave up.
    failed: Option<String>,
}

/// One running instance.
struct Guest {
    store: Store<Host>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    fn has(&self, name: &str) -> bool {
        self.instance.get_func(&self.store, name).is_some()
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
        arguments: P,
    ) -> Result<R, String> {
        let function = self
            .instance
            .get_typed_func::<P, R>(&self.store, name)
            .map_err(|error| format!("`{name}`: {error}"))?;
        let called = function.call(&mut self.store, arguments);
        called.map_err(|error| self.store.data_mut().failed.take().unwrap_or_else(|| told(error)))
    }

    fn write(&mut self, at: i32, bytes: &[u8]) -> Result<(), String> {
        let at = address(at)?;
        self.memory.write(&mut self.store, at, bytes).map_err(|error| error.to_string())
    }

    /// The text at `at`, up to its first zero byte and no further than `most`.
    fn text(&self, at: i32, most: usize) -> Result<String, String> {
        let bytes = self.memory.data(&self.store);
        let rest = bytes.get(address(at)?..).ok_or("its answer lies outside of its memory")?;
        let rest = rest.get(..most).unwrap_or(rest);
        let end = rest.iter().position(|byte| *byte == 0).ok_or("its answer is too long")?;
        let text = rest.get(..end).unwrap_or_default();
        String::from_utf8(text.to_vec()).map_err(|_| String::from("its answer is not UTF-8"))
    }

    /// A JSON text in the guest, as a value of its own.
    fn opa_json(&mut self, text: &str) -> Result<i32, String> {
        let length = i32::try_from(text.len()).map_err(|_| String::from("the data is too long"))?;
        let at: i32 = self.call("opa_malloc", length)?;
        self.write(at, text.as_bytes())?;
        let value: i32 = self.call("opa_json_parse", (at, length))?;
        if value == 0 { Err(String::from("the data cannot be read")) } else { Ok(value) }
    }

    /// A value of the guest that a function gives, as JSON; null where there is no such function.
    fn opa_dump(&mut self, function: &str) -> Result<Value, String> {
        if !self.has(function) {
            return Ok(Value::Null);
        }
        let value: i32 = self.call(function, ())?;
        let at: i32 = self.call("opa_json_dump", value)?;
        let text = self.text(at, LONGEST_ANSWER)?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

fn address(at: i32) -> Result<usize, String> {
    usize::try_from(at).map_err(|_| String::from("an address is negative"))
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
fn told(error: wasmi::Error) -> String {
    let text = error.to_string();
    if text.contains("fuel") { String::from("it takes too many steps") } else { text }
}

/// Which interface the module's exports tell.
fn interface(module: &Module) -> Result<Interface, Fault> {
    let has = |name: &str| {
        module
            .exports()
            .any(|export| export.name() == name && matches!(export.ty(), ExternType::Func(_)))
    };
    if has("evaluate") && (has("allocate") || has("alloc")) {
        return Ok(Interface::AgentGov);
    }
    if has("opa_eval") && has("opa_malloc") && has("opa_json_parse") && has("opa_heap_ptr_get") {
        return Ok(Interface::Opa);
    }
    let fault = Fault::new("the module has neither AgentGov's interface nor OPA's");
    Err(if has("opa_eval_ctx_new") {
        fault.help("it was built by an old OPA: `opa_eval` came with version 1.2 of its interface")
    } else {
        fault.help("AgentGov's modules export `memory`, `allocate` and `evaluate`")
    })
}

fn check_imports(module: &Module, interface: Interface) -> Result<(), Fault> {
    let known = match interface {
        Interface::AgentGov => AGENTGOV,
        Interface::Opa => OPA,
    };
    for import in module.imports() {
        if import.module() != "env" || !known.contains(&import.name()) {
            let name = format!("`{}.{}`", import.module(), import.name());
            let help = "there is no environment, no file and no network for a policy; everything it needs is in its input";
            return Err(Fault::new(format!("the module asks for {name}")).help(help));
        }
    }
    Ok(())
}

/// Gives the module the functions of its interface; the memory, when it imports one.
fn link(
    linker: &mut Linker<Host>,
    store: &mut Store<Host>,
    module: &Module,
) -> Result<Option<Memory>, String> {
    let mut shared = None;
    for import in module.imports() {
        if let (ExternType::Memory(wanted), None) = (import.ty(), shared) {
            // As small as it may be; growth is bounded by the store.
            let least = u32::try_from(wanted.minimum())
                .map_err(|_| String::from("it wants too much memory"))?;
            let most = wanted.maximum().and_then(|most| u32::try_from(most).ok());
            let memory = Memory::new(&mut *store, MemoryType::new(least, most))
                .map_err(|error| error.to_string())?;
            linker.define("env", import.name(), memory).map_err(|error| error.to_string())?;
            shared = Some(memory);
        }
    }
    let fault = |error: wasmi::errors::LinkerError| error.to_string();
    linker
        .func_wrap("env", "log", |_: Caller<'_, Host>, _: i32, _: i32| {})
        .and_then(|linker| {
            linker.func_wrap(
                "env",
                "get_env",
                |_: Caller<'_, Host>, _: i32, _: i32, _: i32, _: i32| -1_i32,
            )
        })
        .and_then(|linker| linker.func_wrap("env", "opa_println", |_: Caller<'_, Host>, _: i32| {}))
        .and_then(|linker| {
            linker.func_wrap(
                "env",
                "opa_abort",
                |mut caller: Caller<'_, Host>, _: i32| -> Result<(), wasmi::Error> {
                    caller.data_mut().failed = Some(String::from("it gave up (opa_abort)"));
                    Err(wasmi::Error::new("opa_abort"))
                },
            )
        })
        .map_err(fault)?;
    builtins(linker).map_err(fault)?;
    Ok(shared)
}

/// Functions of the host that are called by number: there are none, so a call ends the evaluation.
fn builtins(linker: &mut Linker<Host>) -> Result<(), wasmi::errors::LinkerError> {
    fn none() -> Result<i32, wasmi::Error> {
        Err(wasmi::Error::new("a function of the host is called, and there is none"))
    }
    linker.func_wrap("env", "opa_builtin0", |_: i32, _: i32| none())?;
    linker.func_wrap("env", "opa_builtin1", |_: i32, _: i32, _: i32| none())?;
    linker.func_wrap("env", "opa_builtin2", |_: i32, _: i32, _: i32, _: i32| none())?;
    linker.func_wrap("env", "opa_builtin3", |_: i32, _: i32, _: i32, _: i32, _: i32| none())?;
    linker.func_wrap("env", "opa_builtin4", |_: i32, _: i32, _: i32, _: i32, _: i32, _: i32| {
        none()
    })?;
    Ok(())
}

/// The module and the document of a bundle: a gzipped tar with `policy.wasm` and `data.json`.
fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, Option<String>), Fault> {
    let fault = |error: std::io::Error| Fault::new(format!("not a bundle: {error}"));
    let most = u64::try_from(LONGEST_MODULE).unwrap_or(u64::MAX);
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes).take(most.saturating_add(1)).read_to_end(&mut unpacked).map_err(fault)?;
    if unpacked.len() > LONGEST_MODULE {
        return Err(Fault::new(format!("the bundle unpacks to more than {LONGEST_MODULE} bytes")));
    }
    let mut archive = tar::Archive::new(unpacked.as_slice());
    let (mut module, mut data) = (None, None);
    for entry in archive.entries().map_err(fault)? {
        let mut entry = entry.map_err(fault)?;
        let path = entry
            .path()
            .map_err(fault)?
            .to_string_lossy()
            .trim_start_matches(['.', '/'])
            .to_owned();
        let mut content = Vec::new();
        match path.as_str() {
            "policy.wasm" => {
                entry.read_to_end(&mut content).map_err(fault)?;
                module = Some(content);
            }
            "data.json" => {
                entry.read_to_end(&mut content).map_err(fault)?;
                let text =
                    String::from_utf8(content).map_err(|_| Fault::new("data.json is not UTF-8"))?;
                serde_json::from_str::<Value>(&text)
                    .map_err(|error| Fault::new(format!("data.json: {error}")))?;
                data = Some(text);
            }
            _ => {}
        }
    }
    let module = module.ok_or_else(|| {
        Fault::new("the bundle holds no `policy.wasm`").help("build it with `opa build -t wasm`")
    })?;
    Ok((module, data))
}
