"""Says where PyTorch is and what it is, without importing it: folder;version;minor;CUDA level. For CMake."""
import importlib.util
import re
import sys

spec = importlib.util.find_spec("torch")
if spec is None or not spec.submodule_search_locations:
    sys.exit("find_torch: no torch in " + sys.prefix)
folder = spec.submodule_search_locations[0]
facts = {}
with open(folder + "/version.py") as file:
    for name, value in re.findall(r"^(\w+)[^=\n]*= '([^']*)'", file.read(), re.M):
        facts[name] = value
if "cuda" not in facts:
    sys.exit("find_torch: this torch is built without CUDA: " + facts.get("__version__", "?"))
version = facts["__version__"]
major, minor = facts["cuda"].split(".")[:2]
print(folder, version, ".".join(version.split(".")[:2]), int(major) * 1000 + int(minor) * 10, sep=";")
