// The driver as the runtime sees it: public cu* functions only, found when first needed. Loading libcudart
// (which `ppu run` preloads into every process) thus costs nothing in programs that never call CUDA.
#pragma once

#ifndef __CUDA_API_VERSION_INTERNAL
#define __CUDA_API_VERSION_INTERNAL  // exported names, no renaming
#endif
#include <cuda.h>

namespace ppu::runtime {

// Every driver function the runtime calls: one row each.
// clang-format off
#define PPU_DRIVER_CALLS(F)                                                                            \
  F(cuInit) F(cuDriverGetVersion) F(cuGetProcAddress_v2)                                               \
  F(cuDeviceGetCount) F(cuDeviceGet) F(cuDeviceGetName) F(cuDeviceGetUuid_v2) F(cuDeviceGetLuid)       \
  F(cuDeviceTotalMem_v2) F(cuDeviceGetAttribute) F(cuDeviceGetPCIBusId) F(cuDeviceGetByPCIBusId)       \
  F(cuDeviceGetDefaultMemPool) F(cuDeviceGetMemPool) F(cuDeviceSetMemPool)                             \
  F(cuDeviceCanAccessPeer) F(cuDeviceGetP2PAttribute)                                                  \
  F(cuDeviceGetGraphMemAttribute) F(cuDeviceSetGraphMemAttribute) F(cuDeviceGraphMemTrim)              \
  F(cuDevicePrimaryCtxRetain) F(cuDevicePrimaryCtxRelease_v2) F(cuDevicePrimaryCtxReset_v2)            \
  F(cuDevicePrimaryCtxGetState) F(cuDevicePrimaryCtxSetFlags_v2)                                       \
  F(cuCtxGetCurrent) F(cuCtxSetCurrent) F(cuCtxGetDevice) F(cuCtxSynchronize) F(cuCtxGetFlags)         \
  F(cuCtxSetLimit) F(cuCtxGetLimit) F(cuCtxGetCacheConfig) F(cuCtxSetCacheConfig)                      \
  F(cuCtxGetSharedMemConfig) F(cuCtxSetSharedMemConfig) F(cuCtxGetStreamPriorityRange)                 \
  F(cuCtxResetPersistingL2Cache) F(cuCtxEnablePeerAccess) F(cuCtxDisablePeerAccess)                    \
  F(cuLibraryLoadData) F(cuLibraryLoadFromFile) F(cuLibraryUnload) F(cuLibraryGetKernel)               \
  F(cuLibraryGetGlobal) F(cuLibraryGetManaged) F(cuLibraryGetUnifiedFunction)                          \
  F(cuLibraryGetKernelCount) F(cuLibraryEnumerateKernels)                                              \
  F(cuKernelGetFunction) F(cuKernelGetAttribute) F(cuKernelSetAttribute) F(cuKernelSetCacheConfig)     \
  F(cuKernelGetName) F(cuKernelGetParamInfo)                                                           \
  F(cuLinkCreate_v2) F(cuLinkAddData_v2) F(cuLinkComplete) F(cuLinkDestroy)                            \
  F(cuFuncGetAttribute) F(cuFuncSetAttribute)                                                          \
  F(cuLaunchKernel) F(cuLaunchKernelEx) F(cuLaunchCooperativeKernel) F(cuLaunchHostFunc)               \
  F(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags) F(cuOccupancyAvailableDynamicSMemPerBlock)   \
  F(cuOccupancyMaxPotentialClusterSize) F(cuOccupancyMaxActiveClusters)                                \
  F(cuMemAlloc_v2) F(cuMemFree_v2) F(cuMemAllocPitch_v2) F(cuMemHostAlloc) F(cuMemFreeHost)            \
  F(cuMemAllocManaged) F(cuMemHostRegister_v2) F(cuMemHostUnregister) F(cuMemHostGetDevicePointer_v2)  \
  F(cuMemHostGetFlags) F(cuMemGetInfo_v2) F(cuPointerGetAttributes)                                    \
  F(cuMemAllocAsync) F(cuMemFreeAsync) F(cuMemAllocFromPoolAsync)                                      \
  F(cuMemPoolCreate) F(cuMemPoolDestroy) F(cuMemPoolTrimTo) F(cuMemPoolSetAttribute)                   \
  F(cuMemPoolGetAttribute) F(cuMemPoolSetAccess) F(cuMemPoolGetAccess)                                 \
  F(cuMemcpy) F(cuMemcpyAsync) F(cuMemcpyHtoD_v2) F(cuMemcpyDtoH_v2) F(cuMemcpyDtoD_v2)                \
  F(cuMemcpyHtoDAsync_v2) F(cuMemcpyDtoHAsync_v2) F(cuMemcpyDtoDAsync_v2)                              \
  F(cuMemcpyPeer) F(cuMemcpyPeerAsync)                                                                 \
  F(cuMemcpy2DUnaligned_v2) F(cuMemcpy2DAsync_v2) F(cuMemcpy3D_v2) F(cuMemcpy3DAsync_v2)               \
  F(cuMemcpy3DPeer) F(cuMemcpy3DPeerAsync)                                                             \
  F(cuMemsetD8_v2) F(cuMemsetD8Async) F(cuMemsetD2D8_v2) F(cuMemsetD2D8Async)                          \
  F(cuMemPrefetchAsync_v2) F(cuMemAdvise_v2) F(cuMemRangeGetAttribute) F(cuMemRangeGetAttributes)      \
  F(cuArrayCreate_v2) F(cuArray3DCreate_v2) F(cuArray3DGetDescriptor_v2) F(cuArrayDestroy)             \
  F(cuArrayGetPlane) F(cuArrayGetSparseProperties) F(cuArrayGetMemoryRequirements) F(cuMemcpyAtoA_v2)  \
  F(cuMipmappedArrayCreate) F(cuMipmappedArrayGetLevel) F(cuMipmappedArrayDestroy)                     \
  F(cuMipmappedArrayGetSparseProperties) F(cuMipmappedArrayGetMemoryRequirements)                      \
  F(cuTexObjectCreate) F(cuTexObjectDestroy) F(cuTexObjectGetResourceDesc)                             \
  F(cuTexObjectGetTextureDesc) F(cuTexObjectGetResourceViewDesc)                                       \
  F(cuSurfObjectCreate) F(cuSurfObjectDestroy) F(cuSurfObjectGetResourceDesc)                          \
  F(cuDeviceGetTexture1DLinearMaxWidth)                                                                \
  F(cuStreamCreateWithPriority) F(cuStreamDestroy_v2) F(cuStreamGetPriority) F(cuStreamGetFlags)       \
  F(cuStreamGetId) F(cuStreamGetDevice) F(cuStreamWaitEvent) F(cuStreamAddCallback)                    \
  F(cuStreamSynchronize) F(cuStreamQuery) F(cuStreamAttachMemAsync) F(cuStreamCopyAttributes)          \
  F(cuStreamGetAttribute) F(cuStreamSetAttribute)                                                      \
  F(cuStreamBeginCapture_v2) F(cuStreamBeginCaptureToGraph) F(cuStreamEndCapture)                      \
  F(cuStreamIsCapturing) F(cuStreamGetCaptureInfo_v3) F(cuStreamUpdateCaptureDependencies_v2)          \
  F(cuThreadExchangeStreamCaptureMode)                                                                 \
  F(cuEventCreate) F(cuEventDestroy_v2) F(cuEventRecordWithFlags) F(cuEventQuery)                      \
  F(cuEventSynchronize) F(cuEventElapsedTime_v2)                                                       \
  F(cuIpcGetMemHandle) F(cuIpcOpenMemHandle_v2) F(cuIpcCloseMemHandle)                                 \
  F(cuIpcGetEventHandle) F(cuIpcOpenEventHandle)                                                       \
  F(cuGraphAddChildGraphNode) F(cuGraphAddDependencies_v2) F(cuGraphAddEmptyNode)                      \
  F(cuGraphAddHostNode) F(cuGraphAddKernelNode_v2) F(cuGraphAddMemAllocNode)                           \
  F(cuGraphAddMemFreeNode) F(cuGraphAddMemcpyNode) F(cuGraphAddMemsetNode) F(cuGraphAddNode_v2)        \
  F(cuGraphChildGraphNodeGetGraph) F(cuGraphClone) F(cuGraphCreate) F(cuGraphDebugDotPrint)            \
  F(cuGraphDestroy) F(cuGraphDestroyNode) F(cuGraphExecChildGraphNodeSetParams)                        \
  F(cuGraphExecDestroy) F(cuGraphExecGetFlags) F(cuGraphExecHostNodeSetParams)                         \
  F(cuGraphExecKernelNodeSetParams_v2) F(cuGraphExecMemcpyNodeSetParams)                               \
  F(cuGraphExecMemsetNodeSetParams) F(cuGraphExecNodeSetParams) F(cuGraphExecUpdate_v2)                \
  F(cuGraphGetEdges_v2) F(cuGraphGetNodes) F(cuGraphGetRootNodes) F(cuGraphHostNodeGetParams)          \
  F(cuGraphHostNodeSetParams) F(cuGraphInstantiateWithFlags) F(cuGraphInstantiateWithParams)           \
  F(cuGraphKernelNodeCopyAttributes) F(cuGraphKernelNodeGetAttribute)                                  \
  F(cuGraphKernelNodeGetParams_v2) F(cuGraphKernelNodeSetAttribute)                                    \
  F(cuGraphKernelNodeSetParams_v2) F(cuGraphLaunch) F(cuGraphMemAllocNodeGetParams)                    \
  F(cuGraphMemFreeNodeGetParams) F(cuGraphMemcpyNodeGetParams) F(cuGraphMemcpyNodeSetParams)           \
  F(cuGraphMemsetNodeGetParams)                                                                        \
  F(cuGraphMemsetNodeSetParams) F(cuGraphNodeFindInClone) F(cuGraphNodeGetDependencies_v2)             \
  F(cuGraphNodeGetDependentNodes_v2) F(cuGraphNodeGetEnabled) F(cuGraphNodeGetType)                    \
  F(cuGraphNodeSetEnabled) F(cuGraphNodeSetParams) F(cuGraphReleaseUserObject)                         \
  F(cuGraphRemoveDependencies_v2) F(cuGraphRetainUserObject) F(cuGraphUpload) F(cuUserObjectCreate)    \
  F(cuUserObjectRelease) F(cuUserObjectRetain) F(cuGraphAddEventRecordNode)                            \
  F(cuGraphEventRecordNodeGetEvent) F(cuGraphEventRecordNodeSetEvent)                                  \
  F(cuGraphExecEventRecordNodeSetEvent) F(cuGraphAddEventWaitNode) F(cuGraphEventWaitNodeGetEvent)     \
  F(cuGraphEventWaitNodeSetEvent) F(cuGraphExecEventWaitNodeSetEvent)                                  \
  F(cuGraphConditionalHandleCreate) F(cuMemPoolExportToShareableHandle)                                \
  F(cuMemPoolImportFromShareableHandle) F(cuMemPoolExportPointer) F(cuMemPoolImportPointer)            \
  F(cuMemGetDefaultMemPool) F(cuMemGetMemPool) F(cuMemSetMemPool) F(cuMemPrefetchBatchAsync)           \
  F(cuMemDiscardAndPrefetchBatchAsync) F(cuMemDiscardBatchAsync) F(cuDeviceGetHostAtomicCapabilities)  \
  F(cuDeviceGetP2PAtomicCapabilities) F(cuMemcpyBatchAsync_v2) F(cuMemcpy3DBatchAsync_v2)               \
  F(cuMemcpyBatchAsync) F(cuMemcpy3DBatchAsync) F(cuLogsRegisterCallback) F(cuLogsUnregisterCallback)  \
  F(cuLogsCurrent) F(cuLogsDumpToFile) F(cuLogsDumpToMemory)

// clang-format on

struct Driver {
#define F(name) decltype(&::name) name;
  PPU_DRIVER_CALLS(F)
#undef F
};

/// The loaded and initialised driver; null with *why set when there is none or cuInit failed.
/// Safe from any thread; a failed load is not retried.
const Driver* driver(CUresult* why);

/// True once exit() has begun to run handlers: the driver must not be called any more.
bool process_is_exiting();

}  // namespace ppu::runtime
