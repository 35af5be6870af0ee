"""NVML as monitoring tools written in Python use it (pynvml), under `ppu run`: an idle device, a kernel at work, and
what is left when it is done. Values are modelled: bounds are checked, no time is."""
import ctypes
import sys

import pynvml as nvml

PTX = b"""
.version 8.0
.target sm_80
.address_size 64
.visible .entry spin(.param .u32 turns)
{
    .reg .u32 %n, %i, %x;
    .reg .pred %p;
    ld.param.u32 %n, [turns];
    mov.u32 %i, 0;
    mov.u32 %x, %tid.x;
again:
    mad.lo.u32 %x, %x, 1664525, 1013904223;
    add.u32 %i, %i, 1;
    setp.lt.u32 %p, %i, %n;
    @%p bra again;
    setp.eq.u32 %p, %x, 1;
    @%p trap;
    ret;
}
"""


class Cuda:
    """As much of the driver as one kernel needs."""

    def __init__(self):
        self.driver = ctypes.CDLL("libcuda.so.1")
        self.call("cuInit", 0)
        context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call("cuCtxSetCurrent", context)
        module, self.kernel = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadData", ctypes.byref(module), PTX)
        self.call("cuModuleGetFunction", ctypes.byref(self.kernel), module, b"spin")

    def call(self, name, *arguments):
        code = getattr(self.driver, name)(*arguments)
        assert code == 0, f"{name}: {code}"

    def spin(self, turns):
        value = ctypes.c_uint32(turns)
        parameters = (ctypes.c_void_p * 1)(ctypes.addressof(value))
        self.call("cuLaunchKernel", self.kernel, 64, 1, 1, 256, 1, 1, 0, None, parameters, None)


def main():
    nvml.nvmlInit()
    assert nvml.nvmlDeviceGetCount() == 1
    device = nvml.nvmlDeviceGetHandleByIndex(0)
    name = nvml.nvmlDeviceGetName(device)
    assert name == "A100 SXM4 80GB", name
    assert nvml.nvmlDeviceGetMemoryInfo(device).total == 80 << 30
    limit = nvml.nvmlDeviceGetPowerManagementLimit(device)
    assert limit == 400_000

    idle_power = nvml.nvmlDeviceGetPowerUsage(device)
    assert 40_000 < idle_power < 80_000, idle_power
    assert nvml.nvmlDeviceGetUtilizationRates(device).gpu == 0
    idle_temperature = nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU)
    assert 25 <= idle_temperature < 50, idle_temperature
    idle_clock = nvml.nvmlDeviceGetClockInfo(device, nvml.NVML_CLOCK_SM)
    assert nvml.nvmlDeviceGetPerformanceState(device) == 8
    assert nvml.nvmlDeviceGetCurrentClocksThrottleReasons(device) & nvml.nvmlClocksThrottleReasonGpuIdle
    energy = nvml.nvmlDeviceGetTotalEnergyConsumption(device)

    cuda = Cuda()
    cuda.spin(100_000)
    cuda.call("cuCtxSynchronize")
    # What has just ended is in the last second.
    rates = nvml.nvmlDeviceGetUtilizationRates(device)
    assert 0 < rates.gpu <= 100, rates.gpu
    power = nvml.nvmlDeviceGetPowerUsage(device)
    assert idle_power < power <= limit, power
    assert nvml.nvmlDeviceGetClockInfo(device, nvml.NVML_CLOCK_SM) > idle_clock
    assert nvml.nvmlDeviceGetTotalEnergyConsumption(device) > energy
    assert nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU) >= idle_temperature
    assert nvml.nvmlDeviceGetMaxClockInfo(device, nvml.NVML_CLOCK_SM) == 1410

    thresholds = [nvml.nvmlDeviceGetTemperatureThreshold(device, kind) for kind in range(4)]
    assert thresholds == [92, 89, 95, 87], thresholds
    fields = nvml.nvmlDeviceGetFieldValues(device, [nvml.NVML_FI_DEV_MEMORY_TEMP, nvml.NVML_FI_DEV_POWER_INSTANT, 1])
    assert [f.nvmlReturn for f in fields] == [0, 0, nvml.NVML_ERROR_NOT_SUPPORTED]
    assert fields[1].value.uiVal > 0
    try:
        nvml.nvmlDeviceGetFanSpeed(device)
        raise AssertionError("there are no fans")
    except nvml.NVMLError_NotSupported:
        pass
    nvml.nvmlShutdown()
    print("pynvml: ok")


if __name__ == "__main__":
    sys.exit(main())
